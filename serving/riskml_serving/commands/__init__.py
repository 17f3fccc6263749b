"""The commands. Each imports what it needs only when it runs, so that printing help is quick."""
