"""Commands that check, simulate or read a records folder."""
