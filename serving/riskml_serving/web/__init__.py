"""Staff pages: rendered on the server, Chinese first, usable without JavaScript."""
