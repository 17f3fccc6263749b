"""Clues about households and places: reported by a hotline or a county's own app, listed with their outcome."""
