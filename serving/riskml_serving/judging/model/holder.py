"""Holds the model in service. Each request reads it once and uses that model until the request ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from riskml.explanation import Narrator
from riskml.model import Bundle
from riskml.policy import Policy, load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.scoring import judge
from riskml.splits import Hardship
from riskml.tracking import NAME
from riskml_serving.base.clock import now, stamp
from riskml_serving.base.problems import Problem
from riskml_serving.judging.model.monitor import Monitor
from riskml_serving.judging.model.regional import restrict_to_region

RULE_LINE_ONLY = {
    "zh": "模型尚未用本县数据训练，仅显示监测线规则；请先导入历史数据，再训练、审核并发布本县模型",
    "en": "The model was not trained on this county, so only the rule line is shown: import its history, then train, "
    "audit and release a model for it",
}
"""Notice that says why the model is silent, and what to do."""

TRIAL = {"zh": "试用：数据按模拟数据对待，非真实农户", "en": "Trial: all records count as simulated"}
"""Notice on every response of a service on trial."""


@dataclass(frozen=True)
class Model:
    """A bundle with everything needed to score and explain; apart from ``monitor``, it never changes once it is built.

    Parameters
    ----------
    bundle : Bundle
    policy : Policy
    narrator : Narrator
    source : str
        Where the bundle came from.
    trial : bool, default False
        Whether all records count as simulated (the setting ``simulated``), so that any model shows its verdicts.
    loaded_at : datetime
    monitor : Monitor
        Monitors the features of the households that the model scores, and its scores.
    """

    bundle: Bundle
    policy: Policy
    narrator: Narrator
    source: str
    trial: bool = False
    loaded_at: dt.datetime = field(default_factory=now)
    monitor: Monitor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "monitor", Monitor(self.bundle))

    @property
    def version(self) -> str:
        """Version of the model."""
        return self.bundle.model_version

    @cached_property
    def attributes(self) -> dict[str, str]:
        """Kind of each attribute of households that the model uses: ``number`` or ``text``."""
        prefix = "attribute_"
        return {
            column.name.removeprefix(prefix): "text" if column.categorical else "number"
            for column in self.bundle.columns
            if column.name.startswith(prefix)
        }

    @property
    def silent(self) -> bool:
        """Whether only the rule line may be shown, because a model from a simulated county judges real data."""
        return self.bundle.simulated and not self.trial

    @property
    def notice(self) -> dict[str, str] | None:
        """What every response says about the model, in both languages; None if there is nothing to say."""
        return RULE_LINE_ONLY if self.silent else TRIAL if self.trial else None

    @property
    def versions(self) -> dict[str, str]:
        """Versions of everything that a score depends on."""
        return {
            "model_version": self.version,
            "feature_schema_hash": self.bundle.manifest["schema_hash"],
            "policy_version": self.policy.version,
        }

    @property
    def names(self) -> dict[str, str]:
        """Name of the model, and the versions of everything that a score depends on."""
        return {"model_name": NAME, **self.versions}

    @property
    def provenance(self) -> dict[str, str | None]:
        """Fields in every response that identify the model and the versions behind it."""
        notice = self.notice or {}
        return {**self.names, "model_notice": notice.get("zh"), "model_notice_en": notice.get("en")}

    def describe(self, region: str) -> dict[str, Any]:
        """Describe the model for a caller from a region: settings, thresholds, evaluation, manifest without hashes."""
        manifest = {name: value for name, value in self.bundle.manifest.items() if name != "files"}
        return {
            "source": self.source,
            "loaded_at": stamp(self.loaded_at),
            "settings": self.bundle.manifest["settings"],
            "thresholds": self.bundle.thresholds,
            "manifest": manifest,
            "evaluation": restrict_to_region(self.bundle, region).evaluation,
        }


class Holder:
    """Holds the model that every request reads; a single assignment replaces it."""

    def __init__(self, model: Model | None = None) -> None:
        self._model = model

    @property
    def current(self) -> Model:
        """The model that is now in service; read it only once per request.

        Raises
        ------
        Problem
            ``model-unavailable``.
        """
        if self._model is None:
            raise Problem("model-unavailable")
        return self._model

    @property
    def version(self) -> str | None:
        """Version of the model in service; None if there is no model yet."""
        return None if self._model is None else self._model.version

    @property
    def notice(self) -> dict[str, str] | None:
        """The notice about the model in service; see :attr:`Model.notice`."""
        return None if self._model is None else self._model.notice

    @property
    def silent(self) -> bool:
        """Whether the model in service is silent; see :attr:`Model.silent`."""
        return self._model is not None and self._model.silent

    @property
    def hardship(self) -> Hardship:
        """Whether the outcome of the model in service counts unavoidable spending (``count`` or ``ignore``).

        Without a model, it is ``count``.
        """
        return "count" if self._model is None else self._model.narrator.settings.hardship

    def swap(self, model: Model) -> None:
        """Put another model into service from the next request on."""
        self._model = model


def load_model(
    folder: Path, policy: Path | None = None, trial: bool = False, trusted: Collection[str] | None = None
) -> Model:
    """Load, verify and warm up a bundle; a model from a simulated county is silent unless ``trial`` is true.

    Parameters
    ----------
    folder, policy : Path
    trial : bool, default False
    trusted : collection of str, optional
        Public keys, one of which must have signed the bundle; by default, any bundle is loaded.

    Raises
    ------
    BundleError
        If the bundle is damaged or altered, no trusted key signed it, or it does not fit this version of riskml;
        nothing is ever unpickled.
    """
    table = load_policy(policy)
    bundle = Bundle.load(folder, trusted)
    model = Model(bundle, table, Narrator(bundle, table), str(folder), trial)
    _warm_up(model)
    return model


def _warm_up(model: Model) -> None:
    """Score and explain one made-up household, so that the first request need not wait for compilation."""
    months = [dt.date(2023 + m // 12, m % 12 + 1, 1) for m in range(24)]
    code, wages = ["warm-up"], {"source": ["wage"] * 24, "amount": [3000.0] * 24}
    tables: dict[str, dict[str, Any]] = {
        "households": {"household_id": code, "region_code": ["000000000000"], "size": [3]},
        "income": {"household_id": code * 24, "period_start": months, **wages},
        "lines": {"region_code": [""], "effective_from": [dt.date(2020, 1, 1)], "amount": [6000.0]},
    }
    panel = Records.from_tables(tables, model.policy.lines).panel(
        to_day("2024-12-31"), basis=model.bundle.settings.basis
    )
    judge(model.bundle, panel, model.policy)
    model.narrator.explain(panel)
