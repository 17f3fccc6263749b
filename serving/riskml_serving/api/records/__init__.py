"""Appends records exactly once, valid from the day of receipt, and rescores the households concerned."""
