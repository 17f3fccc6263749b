"""Keeps the model up to date: looks for another release, swaps it in whole, and stays with the old one otherwise."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from riskml.errors import BundleError, RiskmlError
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.judging.model import repository, store
from riskml_serving.judging.model.counters import REFUSED, SWAPPED
from riskml_serving.judging.model.holder import Holder, Model, load_model
from riskml_serving.judging.model.source import newest

__all__ = ["Failure", "Keeper", "Load"]

Load = Callable[[Path, Path | None], Model]

log = logging.getLogger("riskml_serving.judging.model")


@dataclass(frozen=True)
class Failure:
    """Why the release that is offered does not serve."""

    at: dt.datetime
    kind: str
    message: str


class Keeper:
    """Looks after the model of one worker.

    Parameters
    ----------
    engine : Engine
        Remembers which releases served and which were rolled back.
    holder : Holder
    settings : Settings
    load : callable, optional
        Loads, verifies and warms up a bundle.

    Attributes
    ----------
    failure : Failure or None
        Of the last look; a good look clears it.
    """

    def __init__(self, engine: Engine, holder: Holder, settings: Settings, load: Load = load_model) -> None:
        self._engine, self._holder, self._settings, self._load = engine, holder, settings, load
        self._settled = ""
        self._rejected: set[str] = set()
        self.failure: Failure | None = None

    def start(self) -> None:
        """Have a model if there is any: a registry that is slow or gone need not be waited for."""
        if self._settings.model_source == "registry":
            self._rejected = self._read_rejected()
            self._turn_back()
        if self._holder.version is None:
            self.look()

    def look(self) -> None:
        """Look once whether another release should serve; whatever goes wrong, the old one goes on."""
        rejected = self._read_rejected()
        if rejected != self._rejected:
            self._rejected, self._settled = rejected, ""
        if self._holder.version in rejected:
            self._turn_back()
        try:
            self._take_offer()
            self.failure = None
        except (RiskmlError, OSError) as error:
            self._failed(error)
        if self._holder.version is None:
            self._turn_back()

    async def watch(self) -> None:
        """Look again and again until cancelled."""
        while self._settings.model_poll_seconds > 0:
            await asyncio.sleep(self._settings.model_poll_seconds)
            await anyio.to_thread.run_sync(self.look, abandon_on_cancel=True)

    def _take_offer(self) -> None:
        offer = newest(self._settings)
        if offer.mark == self._settled:
            return
        model = self._load(offer.fetch(), self._settings.policy)
        if model.version in self._rejected:
            log.warning("release %s is offered, but was rolled back", model.version)
        elif model.version != self._holder.version:
            self._serve(model, offer.source)
        self._settled = offer.mark

    def _turn_back(self) -> None:
        """Serve the release that served last and was not rolled back."""
        try:
            with reading(self._engine) as connection:
                releases = repository.list_releases(connection)
        except SQLAlchemyError:
            return
        for release in releases:
            version = release["model_version"]
            if release["rejected_at"] is not None or version == self._holder.version:
                continue
            try:
                model = self._load(store.folder_of(self._settings.model_store, version), self._settings.policy)
            except BundleError as error:
                self._failed(error)
                continue
            self._serve(model, release["source"])
            return

    def _serve(self, model: Model, source: str) -> None:
        try:
            store.keep(self._settings.model_store, model.bundle)
        except (RiskmlError, OSError) as error:
            log.warning("no copy of release %s was kept (%s): it cannot be rolled back to", model.version, error)
        self._holder.swap(model)
        SWAPPED.inc()
        log.info("release %s serves", model.version)
        try:
            with writing(self._engine) as connection:
                repository.serving(connection, model.version, source, now())
        except SQLAlchemyError as error:
            log.warning("release %s serves, but that could not be noted (%s)", model.version, type(error).__name__)

    def _failed(self, error: Exception) -> None:
        REFUSED.inc()
        message = str(error.message if isinstance(error, RiskmlError) else type(error).__name__)
        if self.failure is None or self.failure.message != message:
            log.error("the release offered does not serve: %s", message)
        self.failure = Failure(now(), type(error).__name__, message)

    def _read_rejected(self) -> set[str]:
        """Versions that were rolled back; the last known ones while the database is gone."""
        try:
            with reading(self._engine) as connection:
                return repository.rejected(connection)
        except SQLAlchemyError:
            return self._rejected
