"""The region that a request asks about, held against the caller's."""

from __future__ import annotations

from riskml_serving.base.problems import Problem
from riskml_serving.people.auth.caller import Caller
from riskml_serving.people.auth.scope import LEVELS, covers

__all__ = ["asked_region"]


def asked_region(caller: Caller, region: str | None) -> str:
    """Return the region asked about; the caller's own where none is named.

    Raises
    ------
    Problem
        ``region-not-found``: not a region prefix, or not within the caller's. Nothing tells which.
    """
    if region is None:
        return caller.region
    if region and not (region.isascii() and region.isdigit() and len(region) in LEVELS):
        raise Problem("region-not-found")
    if not covers(caller.region, region):
        raise Problem("region-not-found")
    return region
