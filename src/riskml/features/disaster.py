"""Features about disasters: the household's losses, and disasters that struck the region it lived in."""

from __future__ import annotations

from functools import partial

import numpy as np

from riskml.arrays import Floats
from riskml.features.catalogue import feature
from riskml.features.matrix import Direction
from riskml.features.views import cached_on_panel, count_months_since, divide_by_line, read_income, require_rows
from riskml.records.contract.schema import list_codes
from riskml.records.panel.panel import Panel

PRODUCTION = tuple(list_codes("disaster", "kind").index(kind) for kind in ("pest", "animal_disease", "price_fall"))

declare = partial(feature, topic="disaster", cause="disaster", risky="more than most", requires=("disaster",))
"""Declares a feature of this module; each declaration adds only what is specific to it."""


_require_disasters = partial(require_rows, "disaster")


@cached_on_panel
def _divide_losses(panel: Panel) -> Floats:
    """Divide the loss in each row by the line times the household's size; one value for each row."""
    return divide_by_line(panel, _require_disasters(panel), _require_disasters(panel)["loss"])


_require_exposure = partial(require_rows, "exposure")


declare_loss = partial(
    declare,
    direction=Direction.HIGHER_RISK,
    reason_zh="近 {w} 个月灾害损失 {disaster_loss}[（{disaster_kinds}）][，{disaster_loss_to_income}]"
    "|近 {w} 个月无灾害损失记录",
    reason_en="disaster losses in the last {w} months were {disaster_loss}[ ({disaster_kinds})]"
    "[, {disaster_loss_to_income}]"
    "|no disaster loss is recorded in the last {w} months",
)


@declare_loss(
    unit="line",
    windows=(12, 24),
    zh="近 {w} 个月灾害损失（人均，相对监测线）",
    en="disaster losses per head relative to the line, last {w} months",
)
def disaster_loss_to_line(panel: Panel, window: int) -> Floats:
    """Sum of household losses, each ÷ (line × size at the time); missing if there are disasters but no known loss."""
    own = _require_disasters(panel)
    return own.sum(_divide_losses(panel), panel.within(own, window))


@declare_loss(
    unit="share",
    zh="近 12 个月灾害损失与家庭收入之比",
    en="disaster losses relative to income, last 12 months",
)
def disaster_loss_to_income_12m(panel: Panel) -> Floats:
    """Losses ÷ mean income over 12 months, both in multiples of the line; an income below 0.1 is replaced by 0.1."""
    return disaster_loss_to_line(panel, 12) / np.maximum(read_income(panel).mean(12), 0.1)


@declare(
    unit="count",
    zh="近 12 个月家庭受灾次数",
    en="disasters that struck the household, last 12 months",
    reason_zh="近 12 个月家庭受灾 {value}[（{disaster_kinds}）][，损失 {disaster_loss}]|近 12 个月家庭无受灾记录",
    reason_en="disasters that struck the household in the last 12 months: {number}[ ({disaster_kinds})]"
    "[, with losses of {disaster_loss}]|no disaster is recorded for the household in the last 12 months",
)
def disasters_12m(panel: Panel) -> Floats:
    """Number of rows in the window that are about the household itself and not about its region."""
    own = _require_disasters(panel)
    return own.count(panel.within(own, 12))


@declare(
    unit="count",
    cause="venture",
    zh="近 24 个月病虫害、动物疫病和价格下跌次数",
    en="pests, animal diseases and price falls, last 24 months",
    reason_zh="近 24 个月遇病虫害、动物疫病或价格下跌 {value}|近 24 个月无病虫害、动物疫病或价格下跌记录",
    reason_en="pests, animal diseases or price falls in the last 24 months: {number}"
    "|no pest, animal disease or price fall is recorded in the last 24 months",
)
def production_shocks_24m(panel: Panel) -> Floats:
    """Number of pests, animal diseases and price falls that struck the household itself and not its region."""
    own = _require_disasters(panel)
    kind = own["kind"]
    mask = (kind == PRODUCTION[0]) | (kind == PRODUCTION[1]) | (kind == PRODUCTION[2])
    return own.count(panel.within(own, 24) & mask)


@declare(
    unit="months",
    window=36,
    zh="距最近一次家庭受灾的月数",
    en="months since the latest disaster that struck the household",
    risky="recent",
    reason_zh="最近一次家庭受灾在{ago}",
    reason_en="the latest disaster that struck the household was {ago}",
)
def months_since_disaster(panel: Panel) -> Floats:
    """Days since the latest row about the household ÷ 30.4375; missing if there is none in the last 36 months."""
    return count_months_since(panel, _require_disasters(panel))


@declare(
    unit="count",
    windows=(12, 24),
    zh="近 {w} 个月所在地受灾次数",
    en="disasters that struck the household's region, last {w} months",
    reason_zh="近 {w} 个月所在地受灾 {value}|近 {w} 个月所在地无受灾记录",
    reason_en="disasters in the region in the last {w} months: {number}"
    "|no disaster is recorded for the region in the last {w} months",
)
def region_disasters(panel: Panel, window: int) -> Floats:
    """Number of disasters in the window that struck the region where the household lived on that day."""
    region = _require_exposure(panel)
    return region.count(panel.within(region, window))


@declare(
    unit="months",
    window=36,
    zh="距所在地最近一次受灾的月数",
    en="months since the latest disaster in the household's region",
    risky="recent",
    reason_zh="所在地最近一次受灾在{ago}",
    reason_en="the latest disaster in the region was {ago}",
)
def months_since_region_disaster(panel: Panel) -> Floats:
    """Days since the latest disaster in the region ÷ 30.4375; missing if there is none in the last 36 months."""
    return count_months_since(panel, _require_exposure(panel))
