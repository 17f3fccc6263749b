"""Stores which households exist and where each lives now; a caller's region is checked against this."""
