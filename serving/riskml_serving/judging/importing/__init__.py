"""Imports a records folder into the database."""
