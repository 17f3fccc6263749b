"""Keeps the model's results in other regions from a reader of one."""

from __future__ import annotations

from dataclasses import replace

from riskml.model import Bundle
from riskml_serving.people.auth import covers

__all__ = ["restrict_to_region"]


def restrict_to_region(bundle: Bundle, region: str) -> Bundle:
    """Leave the results by region out of a bundle's evaluation, unless all of them lie in the reader's region.

    A region elsewhere counts households elsewhere; left out alone, its results would follow from the total and the
    others. Figures of the whole training county stay: a reader must know how good the scores are.
    """
    groups = bundle.evaluation["groups"]
    if all(covers(region, one["value"] or "") for one in groups if one["group"] == "region"):
        return bundle
    rest = [one for one in groups if one["group"] != "region"]
    return replace(bundle, evaluation={**bundle.evaluation, "groups": rest})
