"""Counts of households by region."""
