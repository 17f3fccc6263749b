"""Exact contributions of every feature to the margin of the model."""
