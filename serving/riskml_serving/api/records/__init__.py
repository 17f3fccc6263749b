"""Appends records exactly once, counting from the day of receipt, and rescores the households concerned."""
