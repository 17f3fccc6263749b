"""Appends records exactly once, and rescores the affected households; records count from the day of receipt."""
