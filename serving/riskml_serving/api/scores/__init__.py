"""Scores of the records in a request."""
