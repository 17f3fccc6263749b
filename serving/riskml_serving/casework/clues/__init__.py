"""Clues: what somebody reported about a household or a place, until a visit settles it."""
