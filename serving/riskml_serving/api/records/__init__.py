"""Appends records, which count from the day of receipt, exactly once, and rescores the households concerned."""
