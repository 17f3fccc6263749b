"""Commands that work on a records folder."""
