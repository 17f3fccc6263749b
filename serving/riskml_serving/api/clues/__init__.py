"""Clues about households and places: reported by a hotline or a county's own app, and listed with what became of them."""
