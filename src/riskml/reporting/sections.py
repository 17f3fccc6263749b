"""What each section of the report shows, taken from the bundle and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from riskml.evaluation.comparison import describe_complement
from riskml.evaluation.groups import SMALLEST_GROUP
from riskml.evaluation.words import MISSING, MODELS, sort_models
from riskml.features import CATALOGUE
from riskml.model import Bundle
from riskml.records.contract.schema import TABLES
from riskml.reporting.capacity_figures import draw_capacity, draw_lead_times
from riskml.reporting.check_pages import list_checks
from riskml.reporting.contribution_figures import draw_beeswarm, draw_causes
from riskml.reporting.group_audit import arrange_groups
from riskml.reporting.quality_figures import draw_calibration, draw_months
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import AGREEMENTS

__all__ = ["sections"]

Say = Callable[[str, str], str]


def sections(bundle: Bundle, told: Mapping[str, Any], simulated: bool, lang: str, say: Say) -> dict[str, Any]:
    """Gather the facts and figures of every section.

    Parameters
    ----------
    bundle : Bundle
    told : mapping
        Report data (see :func:`riskml.training.aggregates.build_report_data`); may be empty.
    simulated : bool
        Whether the caller knows that the households are simulated.
    lang : str
    say : callable
    """
    evaluation = bundle.evaluation
    models = {name: evaluation["models"][name] for name in sort_models(evaluation["models"])}
    return {
        "bundle": bundle,
        "settings": bundle.settings,
        "manifest": bundle.manifest,
        "evaluation": evaluation,
        "split": bundle.manifest["split"],
        "simulated": simulated or bool(told.get("simulated")) or "oracle" in models,
        "missing_words": MISSING.get_names(lang),
        "models": models,
        "model_words": {name: MODELS.get_name(name, lang) for name in models},
        "complement": describe_complement(evaluation, lang),
        "agreement_words": AGREEMENTS.get_names(lang),
        "smallest": SMALLEST_GROUP,
        "coverage": _coverage(told.get("coverage"), lang, say),
        "other_records": told.get("other_records", False),
        "capacity_figure": draw_capacity(models, lang, say) if "rule_line" in models else None,
        "lead_figure": _lead(evaluation, lang, say),
        "calibration_figure": _calibration(evaluation, say),
        "contributions": _contributions(told.get("contributions"), lang, say),
        "reasons": {"all": None, "visited": None, "soon": None, "steadiness": None, **told.get("reasons", {})},
        "groups": arrange_groups(evaluation["groups"], lang, say),
        "checks": list_checks(bundle, lang),
    }


def _coverage(coverage: Mapping[str, Any] | None, lang: str, say: Say) -> dict[str, Any] | None:
    if coverage is None:
        return None
    tables = [
        {"name": name, "word": getattr(table, lang), **coverage["tables"][name]}
        for name, table in TABLES.items()
        if name in coverage["tables"]
    ]
    months = coverage["months"]
    return {**coverage, "tables": tables, "figure": draw_months(months["first"], months["share"], say)}


def _lead(evaluation: Mapping[str, Any], lang: str, say: Say) -> Any:
    spans = evaluation["by_lead"]
    if "rule_line" not in evaluation["models"] or all(part["n"] < SMALLEST_GROUP for part in spans.values()):
        return None
    return draw_lead_times(spans, SMALLEST_GROUP, lang, say)


def _calibration(evaluation: Mapping[str, Any], say: Say) -> Any:
    bins = (evaluation["calibration"] or {}).get("bins", [])
    shown = [part for part in bins if part["n"] >= SMALLEST_GROUP]
    return draw_calibration(shown, say) if shown else None


def _contributions(found: Mapping[str, Any] | None, lang: str, say: Say) -> dict[str, Any] | None:
    if found is None:
        return None
    features = [{**one, "word": feature_word(one["name"], lang)} for one in found["features"]]
    by_cause = sorted(
        ((CAUSES.get_name(code, lang), size) for code, size in found["causes"].items()), key=lambda pair: -pair[1]
    )
    drawn = [one for one in features if one["groups"]]
    return {
        **found,
        "features": [{**one, "cause_word": CAUSES.get_name(one["cause"], lang)} for one in features],
        "by_cause": by_cause,
        "beeswarm": draw_beeswarm(drawn, [one["word"] for one in drawn], say) if drawn else None,
        "causes_figure": draw_causes(by_cause, say),
    }


def feature_word(name: str, lang: str) -> str:
    """What a feature is called; attributes of the data set are called by their own name.

    >>> feature_word("attribute_land_mu", "zh"), feature_word("attribute_land_mu_change", "en")
    ('属性 land_mu', 'change of attribute land_mu')
    """
    if name in CATALOGUE:
        return str(getattr(CATALOGUE[name], lang))
    own = name.removeprefix("attribute_")
    if own == name:
        digits = name.removeprefix("region_")
        return f"地区代码前 {digits} 位" if lang == "zh" else f"first {digits} digits of the region code"
    changed = own.endswith("_change")
    own = own.removesuffix("_change")
    if lang == "zh":
        return f"属性 {own}" + " 的变化" * changed
    return "change of " * changed + f"attribute {own}"
