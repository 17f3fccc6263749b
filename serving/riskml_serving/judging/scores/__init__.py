"""Scores: of records in a request, and of stored households."""
