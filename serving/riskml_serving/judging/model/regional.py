"""Hides a model's evaluation results for other regions from a reader who may see only one region."""

from __future__ import annotations

from dataclasses import replace

from riskml.model import Bundle
from riskml_serving.people.auth import covers


def restrict_to_region(bundle: Bundle, region: str) -> Bundle:
    """Leave the results by region out of a bundle's evaluation, unless all of them lie in the reader's region.

    Results for other regions reveal how many households are there. If only those results were left out, they could be
    worked out from the total and the rest. Figures for the whole training county stay: a reader must know how good the
    scores are.
    """
    groups = bundle.evaluation["groups"]
    if all(covers(region, one["value"] or "") for one in groups if one["group"] == "region"):
        return bundle
    rest = [one for one in groups if one["group"] != "region"]
    return replace(bundle, evaluation={**bundle.evaluation, "groups": rest})
