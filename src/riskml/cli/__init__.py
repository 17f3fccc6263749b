"""The command line: each command has a module, and ``main`` puts them together."""
