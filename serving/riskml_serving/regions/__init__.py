"""Counts by region."""
