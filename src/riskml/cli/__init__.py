"""The command line: each command has its own module, and ``main`` puts them together."""
