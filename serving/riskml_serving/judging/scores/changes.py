"""A score before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskml_serving.judging.scores.tables import VERDICT

__all__ = ["Change"]


@dataclass(frozen=True)
class Change:
    """Score of a household before and after; ``before`` is None for its first."""

    household_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        """Whether any part of the verdict differs."""
        return self.before is None or any(self.before[name] != self.after[name] for name in VERDICT)
