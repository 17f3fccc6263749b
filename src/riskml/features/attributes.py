"""Features from a household's kind, region and attributes; the names of the attributes depend on the records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from riskml.arrays import Floats
from riskml.features.catalogue import Feature, feature
from riskml.records.contract.schema import list_codes
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.panel import Panel
from riskml.vocabulary.regions import Level, take_region

Levels = tuple[str, ...]

REGION_FEATURES = {level: f"region_{level:d}" for level in Level if level != Level.VILLAGE}
"""The name of the feature for each level of region that has one, from the coarsest level to the finest."""


@feature(
    topic="attributes",
    unit="count",
    cause="other",
    zh="脱贫户",
    en="household that left registered poverty",
)
def exited_household(panel: Panel) -> Floats:
    """1 for a household that left registered poverty, 0 for an ordinary one; missing if the kind is not known."""
    kind = panel.get_latest("kind")
    return np.where(kind < 0, np.nan, (kind == list_codes("households", "kind").index("exited")).astype(np.float64))


@feature(
    topic="attributes",
    unit="months",
    window=0,
    cause="other",
    zh="脱贫至今月数",
    en="months since leaving registered poverty",
)
def months_since_exit(panel: Panel) -> Floats:
    """Days since ``exited_on`` ÷ 30.4375; missing if there is no such day."""
    day = panel.get_latest("exited_on")
    return np.where(day == NO_DAY, np.nan, (panel.as_of - day.astype(np.float64)) / (365.25 / 12))


@lru_cache(maxsize=1024)
def _declare(name: str, unit: str, zh: str, en: str, categorical: bool) -> Feature:
    """Declare a feature whose name or levels depend on the records; :func:`derive_features` computes its values."""
    return Feature(
        name=name,
        topic="attributes",
        unit=unit,
        cause="other",
        zh=zh,
        en=en,
        function=lambda panel: np.full(panel.n, np.nan),
        definition=en,
        categorical=categorical,
    )


def list_region_features(names: tuple[str, ...]) -> list[tuple[Feature, Levels, Floats]]:
    """List the region features, each with its levels and with the position of each region code among these levels."""
    out = []
    for level, column in REGION_FEATURES.items():
        prefixes = [take_region(name, level) if len(name) >= level else "" for name in names]
        levels = tuple(sorted(set(prefixes) - {""}))
        position = {prefix: float(i) for i, prefix in enumerate(levels)}
        text = f"first {level:d} digits of the region code"
        declared = _declare(column, "code", f"所在{level.zh}", text, True)
        out.append((declared, levels, np.array([position.get(prefix, np.nan) for prefix in prefixes])))
    return out


def _derive_regions(panel: Panel) -> Iterator[tuple[Feature, Floats, Levels]]:
    positions, names = panel.region
    if "prefixes" not in panel.shared:
        panel.shared["prefixes"] = list_region_features(names)
    for declared, levels, level_of_region in panel.shared["prefixes"]:  # type: ignore[attr-defined]
        yield declared, level_of_region[positions], levels


def derive_features(panel: Panel) -> Iterator[tuple[Feature, Floats, Levels]]:
    """Derive the region prefixes as categories, the attributes, and the changes in numeric attributes.

    A change is the difference between the latest version and the one before.

    Yields
    ------
    Feature, array of float64 of shape (n,), levels
        A feature, its values and its levels; the levels are empty if the feature is a number.

    Notes
    -----
    None of these features is ever given as a reason, since a visitor can check neither the risk of a region nor an
    attribute whose meaning riskml does not know.
    """
    yield from _derive_regions(panel)
    columns = {f"attribute_{name}" for name in panel.attributes}
    for name, attribute in sorted(panel.attributes.items()):
        text = f"attribute {name!r} of the households table"
        column, zh = f"attribute_{name}", f"属性 {name}"
        declared = _declare(column, "as given", zh, text, attribute.levels is not None)
        yield declared, attribute.values, attribute.levels or ()
        if attribute.levels is None:
            change, column = f"change in {text} since the version before", f"{column}_change"
            while column in columns:  # another attribute has the name of this change
                column += "_"
            declared = _declare(column, "as given", f"{zh} 的变化", change, False)
            yield declared, attribute.values - attribute.before, ()
