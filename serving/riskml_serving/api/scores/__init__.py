"""Scores of records that stand in the request."""
