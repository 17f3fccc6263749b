"""Scores of records that a request brings along."""
