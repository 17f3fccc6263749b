"""Builds the application: what its requests share, its routers, and its start and shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from multiprocessing import current_process

import anyio.to_thread
import typer
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from riskml.cli.terminal import choose_language
from riskml.errors import RiskmlError
from riskml.explanation import NOTICE
from riskml_serving.api import openapi
from riskml_serving.api.routers import ROUTERS
from riskml_serving.base.database import open_engine, upgrade
from riskml_serving.base.limits import RateLimiter
from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import Settings
from riskml_serving.desk.work import JOB, make_task
from riskml_serving.judging.batch_judge import BatchJudge
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import Holder, Keeper, load_model
from riskml_serving.judging.scores.repository import retract_scores
from riskml_serving.operations.metrics import Metrics
from riskml_serving.operations.observer import Observer
from riskml_serving.operations.state import AppState
from riskml_serving.operations.telemetry import create_tracer
from riskml_serving.people.accounts.provider import Provider
from riskml_serving.people.audit import BatchWriter
from riskml_serving.people.audit.checkpoints import create_notary
from riskml_serving.people.auth.jwks import create_key_set
from riskml_serving.people.auth.oidc import Oidc
from riskml_serving.people.auth.service import Authenticator
from riskml_serving.register.keys import read_keys
from riskml_serving.running.refusals import Refusals
from riskml_serving.running.requests import CompressPages, RequestNumber, respond_to_error
from riskml_serving.store.records.lines import Lines
from riskml_serving.store.records.purpose import guard_purpose
from riskml_serving.web.router import router as web
from riskml_serving.web.shell.region_names import read_region_names

FIRST = ("MainProcess", "SpawnProcess-1")
"""Names of the only and of the first process that serves; the others do not repeat at startup why a model is silent."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings : Settings, optional
        Settings of the service; by default, they are read from the environment and the settings file.

    Notes
    -----
    At startup, the service opens the database, migrates an SQLite file and loads the model. If there is no model, the
    service starts anyway, reports this at ``/readyz`` and keeps looking for a model.
    """
    state = build_state(settings or Settings())
    tracer = create_tracer() if state.settings.traces else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if state.engine.dialect.name == "sqlite":
            upgrade(state.engine)
        guard_purpose(state.engine, simulated=state.settings.simulated)
        await anyio.to_thread.run_sync(state.keeper.start)
        if current_process().name in FIRST:
            for line in state.keeper.explain_silence(choose_language()):
                typer.echo(line, err=True)
        watching = [asyncio.create_task(state.keeper.watch())]
        if state.notary is not None:
            watching.append(asyncio.create_task(state.notary.watch(state.settings.audit_checkpoint_minutes)))
        worker = None
        if state.settings.job_worker:
            tasks = {JOB: make_task(state.engine, state.settings, state.identity)}
            worker = Worker(state.engine, state.settings, lambda: state.holder.current, tasks)
            worker.start()
        yield
        for task in watching:
            task.cancel()
        if worker:
            await anyio.to_thread.run_sync(worker.stop)
        if tracer:
            tracer.close()
        state.engine.dispose()

    app = FastAPI(
        title="riskml",
        version=version("riskml"),
        summary="Risk of return to poverty within a year, alongside the rule line's verdict (防止返贫致贫)",
        description=f"{NOTICE['zh']} · {NOTICE['en']}.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,  # a redirect would repeat the name that the request gives as its host
    )
    app.state = state  # type: ignore[assignment]  # typed, unlike the framework's own state; see get_state
    for router in ROUTERS:
        app.include_router(router, responses=openapi.PROBLEM_RESPONSE)
    app.include_router(web)
    app.add_middleware(CompressPages)
    if "*" not in state.settings.allowed_hosts:  # probes on the same machine know no other name
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*state.settings.allowed_hosts, "127.0.0.1"])
    app.add_middleware(RequestNumber, refusals=Refusals(state.audit), secure=state.settings.cookies_secure)
    app.add_middleware(Observer, metrics=state.metrics, tracer=tracer)
    for kind in (Problem, RiskmlError, RequestValidationError, HTTPException, SQLAlchemyError):
        app.add_exception_handler(kind, respond_to_error)
    openapi.install(app)
    return app


def build_state(settings: Settings) -> AppState:
    """Build what the requests share, without connecting to the database or loading a model yet.

    Raises
    ------
    UsageError
        If a setting, the file of region names or the identity key cannot be used.
    """
    read_region_names(settings.region_names)
    engine, holder = open_engine(settings.database_url), Holder()
    keeper = Keeper(engine, holder, settings, lambda *named: load_model(*named), retract_scores)
    notary = create_notary(engine, settings)
    keys = create_key_set(settings) if settings.oidc_issuer else None
    bearer = Oidc(settings, keys) if keys and settings.oidc_audience else None
    return AppState(
        settings=settings,
        engine=engine,
        holder=holder,
        keeper=keeper,
        lines=Lines(engine),
        authenticator=Authenticator(engine, settings.key_cache_seconds, bearer),
        provider=Provider(settings, keys) if keys and settings.oidc_client_id else None,
        audit=BatchWriter(engine),
        notary=notary,
        judge=BatchJudge(),
        rate=RateLimiter(settings.rate_per_minute),
        metrics=Metrics(engine, holder, keeper, notary),
        identity=read_keys(settings),
    )
