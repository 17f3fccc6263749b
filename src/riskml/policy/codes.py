"""Codes with which a trigger of the policy table says how it fires and what it counts as."""

from __future__ import annotations

__all__ = ["BASES", "COUNTS_AS", "FIRES"]

FIRES = ("at_least", "above", "below")
"""How an observed value is compared with a threshold."""

BASES = ("line", "household_line", "rural_income")
"""What a relative threshold is a multiple of."""

COUNTS_AS = ("shock", "hardship", "guarantee")
"""What a flag means for the colour and for the suggested category."""
