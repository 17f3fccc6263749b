"""The pages of staff: server-rendered, Chinese first, without a script that they need."""
