"""What all requests in one process share, as a typed object: the value of ``app.state``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

import anyio.to_thread
from sqlalchemy import Connection, Engine
from starlette.requests import Request

from riskml_serving.base.database import reading, writing
from riskml_serving.base.limits import RateLimiter
from riskml_serving.base.settings import Settings
from riskml_serving.judging.batch_judge import BatchJudge
from riskml_serving.judging.model import Holder, Keeper
from riskml_serving.operations.metrics import Metrics
from riskml_serving.people.accounts.provider import Provider
from riskml_serving.people.audit import BatchWriter
from riskml_serving.people.audit.checkpoints import Notary
from riskml_serving.people.auth.service import Authenticator
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.store.records.lines import Lines

T = TypeVar("T")


@dataclass(frozen=True)
class AppState:
    """What all requests in one process share.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    holder : Holder
        Holds the model in service.
    keeper : Keeper
        Loads the model and looks for new releases.
    lines : Lines
        Caches the monitoring lines that are stored.
    authenticator : Authenticator
        Finds the caller of an API request.
    provider : Provider or None
        Signs people in on the pages, if an OpenID provider is configured.
    audit : BatchWriter
        Writes audit entries for requests that write nothing else.
    judge : BatchJudge
        Judges the households of small requests.
    notary : Notary or None
        Writes signed checkpoints of the audit log, if the settings name a key and a file.
    rate : RateLimiter
        Limits the requests from each caller.
    metrics : Metrics
    identity : IdentityKeys or None
        Encrypts and decrypts what identifies persons, if the settings name a key.
    """

    settings: Settings
    engine: Engine
    holder: Holder
    keeper: Keeper
    lines: Lines
    authenticator: Authenticator
    provider: Provider | None
    audit: BatchWriter
    judge: BatchJudge
    notary: Notary | None
    rate: RateLimiter
    metrics: Metrics
    identity: IdentityKeys | None

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do some work in a thread, within a reading transaction."""
        return await anyio.to_thread.run_sync(_run, reading(self.engine), work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do some work in a thread, within a writing transaction."""
        return await anyio.to_thread.run_sync(_run, writing(self.engine), work)


def _run(transaction: AbstractContextManager[Connection], work: Callable[[Connection], T]) -> T:
    with transaction as connection:
        return work(connection)


def get_state(request: Request) -> AppState:
    """Return what the requests in this process share; endpoints reach it only through this function."""
    state = request.app.state
    assert isinstance(state, AppState)
    return state
