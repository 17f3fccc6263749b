"""Gather the contents of the report's sections from the bundle and the report data alone."""

from __future__ import annotations

from collections.abc import Mapping
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
from riskml.reporting.language import Language
from riskml.reporting.quality_figures import draw_calibration, draw_months
from riskml.training.card import read_reason_quality
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import AGREEMENTS


def gather_sections(bundle: Bundle, report_data: Mapping[str, Any], simulated: bool, t: Language) -> dict[str, Any]:
    """Gather the facts and figures for every section.

    Parameters
    ----------
    bundle : Bundle
    report_data : mapping
        See :func:`riskml.training.aggregates.build_report_data`; may be empty.
    simulated : bool
        Whether the caller has stated that the households are simulated.
    t : Language
    """
    evaluation = bundle.evaluation
    models = {name: evaluation["models"][name] for name in sort_models(evaluation["models"])}
    return {
        "bundle": bundle,
        "settings": bundle.settings,
        "manifest": bundle.manifest,
        "evaluation": evaluation,
        "split": bundle.manifest["split"],
        "simulated": simulated or bundle.simulated,
        "missing_words": MISSING.get_names(t.code),
        "models": models,
        "model_words": {name: MODELS.get_name(name, t.code) for name in models},
        "complement": describe_complement(evaluation, t.code),
        "agreement_words": AGREEMENTS.get_names(t.code),
        "smallest": SMALLEST_GROUP,
        "coverage": _gather_coverage(report_data.get("coverage"), t),
        "other_records": report_data.get("other_records", False),
        "capacity_figure": draw_capacity(models, t) if "rule_line" in models else None,
        "lead_figure": _draw_lead_times(evaluation, t),
        "calibration_figure": _draw_calibration(evaluation, t),
        "contributions": _gather_contributions(report_data.get("contributions"), t),
        "reasons": read_reason_quality(report_data),
        "groups": arrange_groups(evaluation["groups"], t),
        "checks": list_checks(bundle, t.code),
    }


def _gather_coverage(coverage: Mapping[str, Any] | None, t: Language) -> dict[str, Any] | None:
    if coverage is None:
        return None
    tables = [
        {"name": name, "word": getattr(table, t.code), **coverage["tables"][name]}
        for name, table in TABLES.items()
        if name in coverage["tables"]
    ]
    months = coverage["months"]
    return {**coverage, "tables": tables, "figure": draw_months(months["first"], months["share"], t)}


def _draw_lead_times(evaluation: Mapping[str, Any], t: Language) -> Any:
    spans = evaluation["by_lead"]
    if "rule_line" not in evaluation["models"] or all(part["n"] < SMALLEST_GROUP for part in spans.values()):
        return None
    return draw_lead_times(spans, SMALLEST_GROUP, t)


def _draw_calibration(evaluation: Mapping[str, Any], t: Language) -> Any:
    shown = [part for part in evaluation["calibration"]["bins"] if part["n"] >= SMALLEST_GROUP]
    return draw_calibration(shown, t) if shown else None


def _gather_contributions(summary: Mapping[str, Any] | None, t: Language) -> dict[str, Any] | None:
    if summary is None:
        return None
    features = [
        {**feature, "word": _name_feature(feature["name"], t), "cause_word": CAUSES.get_name(feature["cause"], t.code)}
        for feature in summary["features"]
    ]
    by_cause = [(CAUSES.get_name(code, t.code), size) for code, size in summary["causes"].items()]
    by_cause.sort(key=lambda pair: -pair[1])
    drawn = [feature for feature in features if feature["groups"]]
    return {
        **summary,
        "features": features,
        "by_cause": by_cause,
        "beeswarm": draw_beeswarm(drawn, [feature["word"] for feature in drawn], t) if drawn else None,
        "causes_figure": draw_causes(by_cause, t),
    }


def _name_feature(name: str, t: Language) -> str:
    """Return the readable name of a feature; attributes specific to a data set keep their column names.

    >>> _name_feature("attribute_land_mu", Language("zh")), _name_feature("attribute_land_mu_change", Language("en"))
    ('属性 land_mu', 'change of attribute land_mu')
    """
    if name in CATALOGUE:
        return str(getattr(CATALOGUE[name], t.code))
    if not name.startswith("attribute_"):
        digits = name.removeprefix("region_")
        return t(f"地区代码前 {digits} 位", f"first {digits} digits of the region code")
    own = name.removeprefix("attribute_").removesuffix("_change")
    if name.endswith("_change"):
        return t(f"属性 {own} 的变化", f"change of attribute {own}")
    return t(f"属性 {own}", f"attribute {own}")
