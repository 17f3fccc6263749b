"""Foundations of all other packages: settings, clock, problems, limits, the contract as JSON, and the database."""
