"""Writes everything that is stored about households as a records folder."""
