"""Rows packed into arrays, and the panel of what was known on a date."""
