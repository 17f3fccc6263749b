"""Appends records, once and from the day of receipt on, and scores the households concerned again."""
