"""What a visit can find: the finding, why a signal is rejected, whether help works, and what was looked at."""

from __future__ import annotations

from riskml.vocabulary.terms import read_vocabularies

_WORDS = read_vocabularies("riskml_serving.store.facts", "words.yaml")
OUTCOMES, REASONS, REASSESSMENTS, CHECKS = (_WORDS[name] for name in ("outcomes", "reasons", "reassessments", "checks"))

DECISIVE = ("confirmed", "rejected")
"""Findings that settle a signal."""

MET = (*DECISIVE, "pending")
"""Findings that imply that somebody met the household."""
