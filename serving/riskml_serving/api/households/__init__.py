"""Households: where each lives now, its score, its history and its explanation."""
