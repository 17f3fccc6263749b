"""The caller of a request: identity, region and rights."""

from __future__ import annotations

from dataclasses import dataclass

from riskml.vocabulary.regions import is_region_code
from riskml_serving.base.problems import Problem
from riskml_serving.people.auth.scope import covers

RIGHTS = ("score", "read", "write", "health-details", "admin")
"""Rights that a key may have: score records sent in a request; read what is stored; append records and verifications;
see health details; administer the service as a whole. No right includes another."""

IDENTITY = "identity"
"""Right of an account to see names, ID numbers and telephones on the pages. No API key or bearer token can have it."""


@dataclass(frozen=True)
class Caller:
    """An authenticated caller.

    Parameters
    ----------
    key_id : str
        Name of the caller in the audit log; not a secret.
    region : str
        Prefix of the regions that the caller may see; empty means everywhere.
    rights : frozenset of str
        Rights from ``RIGHTS``; for an account, perhaps also ``IDENTITY``.
    """

    key_id: str
    region: str
    rights: frozenset[str]

    @property
    def redact(self) -> tuple[str, ...]:
        """Kinds of information that explanations leave out for this caller."""
        return () if "health-details" in self.rights else ("health",)

    def require(self, right: str) -> None:
        """Require a right.

        Raises
        ------
        Problem
            ``right-missing``.
        """
        if right not in self.rights:
            raise Problem("right-missing", "right", right=right)

    def resolve_region(self, region: str | None) -> str:
        """Return the region that a request names; if it names no region, return the caller's own.

        Raises
        ------
        Problem
            ``region-not-found`` if it is not a region prefix or is outside the caller's region, without saying which.
        """
        if region is None:
            return self.region
        if (region and not is_region_code(region)) or not covers(self.region, region):
            raise Problem("region-not-found")
        return region


OPERATOR = Caller("operator", "", frozenset())
"""Stands in the audit log for the person who runs a command that concerns everything that is stored."""

NOBODY = Caller("unknown", "", frozenset())
"""Stands for the sender of a request, in the audit log, if no valid key or account says who it was."""
