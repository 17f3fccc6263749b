"""Clues: the form to report one, and the register of clues."""
