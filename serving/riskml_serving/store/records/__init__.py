"""Stores records in the data contract's tables."""
