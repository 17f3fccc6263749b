"""The commands. Each command imports what it needs only when it runs, so that help texts appear quickly."""
