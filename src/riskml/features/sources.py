"""Features about the four sources of income: their level, share, concentration and change."""

from __future__ import annotations

from functools import partial

from riskml.arrays import Floats
from riskml.features.catalogue import feature
from riskml.features.matrix import Direction
from riskml.features.views import cached_on_panel, divide, read_source
from riskml.records.panel.panel import Panel

PARTS = ("wage", "business", "property", "transfer")
CAUSE = {"wage": "work", "business": "venture", "property": "other", "transfer": "other"}
ZH = {"wage": "工资性收入", "business": "经营性收入", "property": "财产性收入", "transfer": "转移性收入"}

declare = partial(feature, topic="income", cause="other")
"""Declares a feature of this module; the cause is ``other``, except for changes in wages and business income."""


@cached_on_panel
def _average_sources(panel: Panel) -> tuple[list[Floats], Floats]:
    """Average each source over 12 months, and sum the absolute values of these means."""
    means = [read_source(panel, source).mean(12) for source in PARTS]
    return means, abs(means[0]) + abs(means[1]) + abs(means[2]) + abs(means[3])


def _average(source: str, panel: Panel, window: int) -> Floats:
    """Mean of 12 × the source's income per head ÷ that month's line, over the months that are reported by source."""
    return read_source(panel, source).mean(window)


def _compute_share(source: str, panel: Panel) -> Floats:
    """Mean income from the source ÷ sum of the absolute values of the four means, each in multiples of the line."""
    means, absolute = _average_sources(panel)
    return divide(means[PARTS.index(source)], absolute)


def _compute_change(source: str, panel: Panel, window: int) -> Floats:
    """Mean change in the source's income from the same month a year before, each month in multiples of its line."""
    return read_source(panel, source).change_on_year(window)


for _source in PARTS:
    _name, _english = ZH[_source], f"{_source} income"
    declare(
        name=f"{_source}_to_line",
        unit="line",
        windows=(3, 12) if _source in ("wage", "business") else (12,),
        zh=f"近 {{w}} 个月人均{_name}（相对监测线）",
        en=f"{_english} per head relative to the line, last {{w}} months",
        risky="less than most",
        reason_zh=f"近 {{w}} 个月人均{_name}{{yearly}}{{per_head}}[，{{typical_per_head}}]|近 {{w}} 个月无{_name}记录",
        reason_en=f"{_english} per head in the last {{w}} months was {{per_head}} a year[; {{typical_per_head}}]"
        f"|no {_english} is recorded in the last {{w}} months",
    )(partial(_average, _source))
    declare(
        name=f"{_source}_share_12m",
        unit="share",
        zh=f"近 {{w}} 个月{_name}占比",
        en=f"{_english} as a share of all income, last {{w}} months",
    )(partial(_compute_share, _source))
    if _source in ("wage", "business", "transfer"):
        declare(
            name=f"{_source}_change_on_year",
            unit="line",
            windows=(3, 12) if _source == "wage" else (12,),
            earlier=12,
            direction=Direction.LOWER_RISK if _source != "transfer" else Direction.FREE,
            cause=CAUSE[_source],
            zh=f"近 {{w}} 个月{_name}比上年同月的变化（相对监测线）",
            en=f"change in {_english} from the same months a year before, last {{w}} months",
            risky="decline",
            reason_zh=f"近 {{w}} 个月{_name}{{change:{_source}@{{w}}}}",
            reason_en=f"{_english} in the last {{w}} months was {{change:{_source}@{{w}}}}",
        )(partial(_compute_change, _source))


@declare(
    unit="share",
    window=12,
    zh="近 12 个月收入来源集中度",
    en="concentration of income sources, last 12 months",
)
def income_concentration(panel: Panel) -> Floats:
    """Sum of the squared shares of the four sources (Herfindahl index), from their means over the last 12 months."""
    means, absolute = _average_sources(panel)
    a, b, c, d = (divide(mean, absolute) for mean in means)
    return a * a + b * b + c * c + d * d
