"""Findings at the door, and their export as ``monitoring`` records."""
