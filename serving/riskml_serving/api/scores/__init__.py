"""Scores for the records in a request."""
