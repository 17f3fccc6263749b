"""Brings a records folder into the database."""
