"""Scores for records in a request, and for stored households."""
