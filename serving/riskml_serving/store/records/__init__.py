"""Stores the contract's tables."""
