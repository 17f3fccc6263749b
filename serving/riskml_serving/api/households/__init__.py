"""Households: where each one lives now, its score, its history and its explanation."""
