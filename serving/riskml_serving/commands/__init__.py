"""The commands: each imports what it does only when it runs, so that asking for help takes no second."""
