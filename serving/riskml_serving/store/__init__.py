"""Stores what is received: rows of the contract's tables, and where each household lives now."""
