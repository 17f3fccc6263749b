"""Verifications: what staff found when they visited a household."""
