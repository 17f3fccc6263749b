"""Foundations of every other wing: settings, clock, problems, limits, the contract as JSON, and the database."""
