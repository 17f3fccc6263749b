"""Benchmarks: claims about speed and accuracy that anyone can measure again."""
