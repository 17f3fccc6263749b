"""Assignments: who looks after a household."""
