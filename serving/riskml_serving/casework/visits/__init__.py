"""Visits: the finding, the facts that the household stated, and what they change."""
