"""A household's score before and after a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskml_serving.judging.verdict import FIELDS


@dataclass(frozen=True)
class Change:
    """Score of a household before and after a change; ``before`` is None for its first score."""

    household_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        """Whether the two scores differ in a field that counts as a difference, or there was no score before."""
        if self.before is None:
            return True
        return any(self.before[name] != self.after[name] for name, field in FIELDS.items() if field.identity)
