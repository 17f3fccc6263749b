"""Codes of the rule line's answers; a position is the code's number in an array."""

from __future__ import annotations

from riskml.records.contract import schema

__all__ = ["AGREEMENTS", "BASES", "CATEGORIES", "COLOURS", "COUNTS_AS", "FIRES", "TIERS"]

COLOURS = ("green", "yellow", "orange", "red")
"""Colours of the signal, from the safest."""

TIERS = ("stable", "likely", "very_likely")
"""Tiers of the probability, from the safest; -1 stands for no probability."""

AGREEMENTS = ("neither", "rule_only", "model_only", "both")
"""Whether the model and the rule line point at a household."""

CATEGORIES = schema.codes("monitoring", "category")
"""Categories of monitored households; -1 stands for none."""

FIRES = ("at_least", "above", "below")
"""How an observed value is held against a threshold."""

BASES = ("line", "household_line", "rural_income")
"""What a relative threshold is a multiple of."""

COUNTS_AS = ("shock", "hardship", "guarantee")
"""What a flag means for the colour and for the suggested category."""
