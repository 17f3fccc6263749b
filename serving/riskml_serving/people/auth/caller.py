"""The caller of a request: who it is, where, and with which rights."""

from __future__ import annotations

from dataclasses import dataclass

from riskml_serving.base.problems import Problem

__all__ = ["RIGHTS", "Caller"]

RIGHTS = ("score", "read", "write", "health-details", "admin")
"""Rights of a key: score records in a request; read what is stored; append records and verifications; see what tells
of health; see and steer what concerns the service as a whole. None includes another."""


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Parameters
    ----------
    key_id : str
        Names the caller in the audit; never secret.
    region : str
        Prefix of the regions that the caller may see; empty is everywhere.
    rights : frozenset of str
    """

    key_id: str
    region: str
    rights: frozenset[str]

    @property
    def redact(self) -> tuple[str, ...]:
        """What explanations leave out for this caller."""
        return () if "health-details" in self.rights else ("health",)

    def require(self, right: str) -> None:
        """Insist on a right.

        Raises
        ------
        Problem
            ``right-missing``.
        """
        if right not in self.rights:
            raise Problem("right-missing", f"需要权限 {right}", f"The right {right!r} is needed")
