"""Keeps the model up to date: replaces it once another release has loaded completely, not before."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from riskml.errors import BundleError, RiskmlError
from riskml.text import Lang, Text, join_sentences
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.judging.model import copies, repository
from riskml_serving.judging.model.counters import REFUSED, SWAPPED
from riskml_serving.judging.model.holder import RULE_LINE_ONLY, Holder, Model, load_model
from riskml_serving.judging.model.source import find_offer
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller

Load = Callable[[Path, Path | None, bool, tuple[str, ...]], Model]

log = logging.getLogger("riskml_serving.judging.model")

SERVICE = Caller("service", "", frozenset())
"""The caller under whose name the audit log says which models were put into service or refused."""


@dataclass(frozen=True)
class Failure:
    """The reason why the latest release is not in service."""

    at: dt.datetime
    kind: str
    message: str
    hint: str = ""


class Keeper:
    """Keeps the model of one worker up to date.

    Parameters
    ----------
    engine : Engine
        Engine for the database that records which releases were in service and which were rolled back.
    holder : Holder
    settings : Settings
    load : callable, optional
        Loads, verifies and warms up a bundle, given its folder, the policy table, whether the service is on trial, and
        the keys of which one must have signed it.
    retract : callable, optional
        Reduces the current scores to the rule line's part; called when a model takes over whose verdicts must not be
        shown (see :attr:`riskml_serving.judging.model.holder.Model.silent`).

    Attributes
    ----------
    failure : Failure or None
        Why the last refresh failed; None after a refresh that succeeded.
    """

    def __init__(
        self,
        engine: Engine,
        holder: Holder,
        settings: Settings,
        load: Load = load_model,
        retract: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        self._engine, self._holder, self._settings, self._load, self._retract = engine, holder, settings, load, retract
        self._settled = ""
        self._rejected: set[str] = set()
        self._refused: set[str] = set()
        self.failure: Failure | None = None

    def start(self) -> None:
        """Load a model if there is one; with a registry, which may be slow, try copies of earlier releases first."""
        if self._settings.model_source == "registry":
            self._rejected = self._read_rejected()
            self._fall_back()
        if self._holder.version is None:
            self.refresh()

    def refresh(self) -> None:
        """Check once whether another release should be in service; on any error, the old one stays in service."""
        rejected = self._read_rejected()
        if rejected != self._rejected:
            self._rejected, self._settled = rejected, ""
        if self._holder.version in rejected:
            self._fall_back()
        try:
            self._take_offer()
            self.failure = None
        except (RiskmlError, OSError) as error:
            self._record_failure(error)
        if self._holder.version is None:
            self._fall_back()

    def explain_silence(self, lang: Lang) -> list[str]:
        """Say why there is no model, or why its verdicts are not shown, and what to do; empty if they are shown."""
        lines: list[str] = []
        if self.failure is not None:
            reason = join_sentences(self.failure.message, self.failure.hint)
            lines.append(Text("The latest model is not in service. {reason}", reason=reason).read(lang))
        if self._holder.silent:
            lines += [RULE_LINE_ONLY[lang], Text("To try the service, use --trial.").read(lang)]
        return lines

    async def watch(self) -> None:
        """Refresh at intervals until cancelled."""
        while self._settings.model_poll_seconds > 0:
            await asyncio.sleep(self._settings.model_poll_seconds)
            await anyio.to_thread.run_sync(self.refresh, abandon_on_cancel=True)

    def _take_offer(self) -> None:
        offer = find_offer(self._settings)
        if offer.mark == self._settled:
            return
        model = self._load_trusted(offer.fetch())
        if model.version in self._rejected:
            log.warning("the latest release, %s, was rolled back and stays out of service", model.version)
        elif model.version != self._holder.version:
            self._serve(model, offer.source)
        self._settled = offer.mark

    def _fall_back(self) -> None:
        """Serve the most recent release that was not rolled back."""
        try:
            with reading(self._engine) as connection:
                releases = repository.list_releases(connection)
        except SQLAlchemyError as error:
            log.warning("no release to fall back to could be looked up (%s)", type(error).__name__)
            return
        for release in releases:
            version = release["model_version"]
            if release["rejected_at"] is not None or version == self._holder.version:
                continue
            try:
                copy = copies.find_copy(self._settings.model_store, version)
                model = self._load_trusted(copy)
            except BundleError as error:
                self._record_failure(error)
                continue
            self._serve(model, release["source"])
            return

    def _load_trusted(self, folder: Path) -> Model:
        return self._load(folder, self._settings.policy, self._settings.simulated, self._settings.trusted_keys)

    def _serve(self, model: Model, source: str) -> None:
        try:
            copies.save_copy(self._settings.model_store, model.bundle)
        except (RiskmlError, OSError) as error:
            log.warning("no copy of release %s was kept (%s): there can be no rollback to it", model.version, error)
        self._holder.swap(model)
        SWAPPED.inc()
        log.info("release %s is now in service", model.version)
        if model.silent:
            log.warning(RULE_LINE_ONLY["en"])
        try:
            with writing(self._engine) as connection:
                repository.record_release(connection, model.version, source, now())
                detail = {"model": model.version, "source": source, "signed_by": model.bundle.signer}
                audit.record(connection, SERVICE, "model.serve", request_id="service", **detail)
                if model.silent:
                    self._retract(connection)
        except SQLAlchemyError as error:
            log.warning(
                "release %s is in service, but that could not be recorded (%s)", model.version, type(error).__name__
            )

    def _record_failure(self, error: Exception) -> None:
        REFUSED.inc()
        message, hint = (error.message, error.hint) if isinstance(error, RiskmlError) else (type(error).__name__, "")
        if self.failure is None or self.failure.message != message:
            log.error("the latest release was refused or is unavailable: %s", message)
        self.failure = Failure(now(), type(error).__name__, message, hint)
        if isinstance(error, BundleError) and message not in self._refused:
            with suppress(SQLAlchemyError):
                with writing(self._engine) as connection:
                    audit.record(connection, SERVICE, "model.refused", request_id="service", reason=message)
                self._refused.add(message)

    def _read_rejected(self) -> set[str]:
        """Read the versions that were rolled back; while the database is down, return the last known ones."""
        try:
            with reading(self._engine) as connection:
                return repository.list_rejected(connection)
        except SQLAlchemyError as error:
            log.warning("which releases were rolled back could not be read (%s)", type(error).__name__)
            return self._rejected
