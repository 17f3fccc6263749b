"""The assembled application, and the server that runs it."""
