"""Builds the application: settings, database, model, routers, and the same form for every error."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskml.errors import RiskmlError
from riskml.explanation import NOTICE
from riskml_serving.api import openapi
from riskml_serving.api.changes.endpoints import router as changes
from riskml_serving.api.health.endpoints import router as operations
from riskml_serving.api.households.endpoints import router as households
from riskml_serving.api.jobs.endpoints import router as jobs
from riskml_serving.api.model.endpoints import router as model
from riskml_serving.api.records.endpoints import router as intake
from riskml_serving.api.regions.endpoints import router as regions
from riskml_serving.api.scores.endpoints import router as scoring
from riskml_serving.api.verifications.endpoints import router as verifications
from riskml_serving.base.database import open_engine, upgrade
from riskml_serving.base.limits import Rate
from riskml_serving.base.problems import Problem, field_errors, from_http, from_riskml
from riskml_serving.base.settings import Settings
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import Holder, Keeper, load_model
from riskml_serving.operations.metrics import Metrics
from riskml_serving.operations.observer import Observer
from riskml_serving.operations.telemetry import exporting
from riskml_serving.people.accounts.provider import Provider
from riskml_serving.people.audit import Group
from riskml_serving.people.auth.jwks import keys_of
from riskml_serving.people.auth.oidc import Oidc
from riskml_serving.people.auth.service import Authenticator
from riskml_serving.store.records.lines import Lines
from riskml_serving.web import refusal, wants_page
from riskml_serving.web import router as web

__all__ = ["ROUTERS", "create_app"]

ROUTERS = (scoring, intake, households, jobs, verifications, changes, regions, model, operations)
"""Endpoints of every room."""

BROKEN_OFF = 499
"""Status, for logs and metrics, of a request whose client went away in the middle of its body: not the service's fault,
and read by nobody."""

log = logging.getLogger("riskml_serving")


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings : Settings, optional
        From environment and file by default.

    Notes
    -----
    ``app.state`` holds what requests share: ``settings``, ``engine``, ``holder`` (the model), ``keeper``,
    ``lines``, ``authenticator`` and ``rate``. Starting opens the database, migrates an SQLite file and loads the
    model; without one the service starts too, says so in ``/readyz`` and looks again.
    """
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = app.state.engine
        if engine.dialect.name == "sqlite":
            upgrade(engine)
        keeper = app.state.keeper
        await anyio.to_thread.run_sync(keeper.start)
        watching = asyncio.create_task(keeper.watch())
        worker = Worker(engine, chosen, lambda: app.state.holder.current) if chosen.job_worker else None
        if worker:
            worker.start()
        yield
        watching.cancel()
        if worker:
            await anyio.to_thread.run_sync(worker.stop)
        if tracer:
            tracer.close()
        engine.dispose()

    app = FastAPI(
        title="riskml",
        version=version("riskml"),
        summary="Risk of return to poverty within a year, beside the rule line (防止返贫)",
        description=f"{NOTICE['zh']} · {NOTICE['en']}.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    engine = open_engine(chosen.database_url)
    app.state.settings, app.state.engine = chosen, engine
    app.state.holder, app.state.lines = Holder(), Lines(engine)
    app.state.keeper = Keeper(engine, app.state.holder, chosen, lambda *named: load_model(*named))
    keys = keys_of(chosen) if chosen.oidc_issuer else None
    bearer = Oidc(chosen, keys) if keys and chosen.oidc_audience else None
    app.state.authenticator = Authenticator(engine, chosen.key_cache_seconds, bearer)
    app.state.provider = Provider(chosen, keys) if keys and chosen.oidc_client_id else None
    app.state.audit = Group(engine)
    app.state.rate = Rate(chosen.rate_per_minute)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(web)
    app.add_middleware(RequestNumber)
    app.state.metrics = Metrics(engine, app.state.holder, app.state.keeper)
    tracer = exporting() if chosen.traces else None
    app.add_middleware(Observer, metrics=app.state.metrics, tracer=tracer)
    for kind in (Problem, RiskmlError, RequestValidationError, HTTPException, SQLAlchemyError):
        app.add_exception_handler(kind, _problem)
    openapi.install(app)
    return app


async def _problem(request: Request, error: Exception) -> Response:
    """Tell any error in one form; what nobody expected is logged by its kind, without what it held."""
    if isinstance(error, HTTPException) and wants_page(request):
        return refusal(request, from_http(error))
    if isinstance(error, Problem):
        return error.response(request)
    if isinstance(error, RiskmlError):
        return from_riskml(error).response(request)
    if isinstance(error, RequestValidationError):
        return Problem("invalid-request", errors=field_errors(error.errors())).response(request)
    if isinstance(error, HTTPException):
        return from_http(error).response(request)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=BROKEN_OFF)
    if isinstance(error, DBAPIError) and _gone(error):
        return Problem("database-unavailable", headers={"Retry-After": "5"}).response(request)
    log.error("unexpected %s", type(error).__name__, extra={"request_id": getattr(request.state, "request_id", "")})
    return Problem("internal-error").response(request)


def _gone(error: DBAPIError) -> bool:
    """Whether the database cannot be reached or is locked, rather than asked for something wrong."""
    return error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")


class RequestNumber:
    """Gives every request a number, which the answer carries in its body and in ``X-Request-Id``.

    What nobody expected ends here too: further out the server would print a trace with whatever the error held.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, started = uuid.uuid4().hex, False
        scope.setdefault("state", {})["request_id"] = number

        async def numbered(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message.setdefault("headers", []).append((b"x-request-id", number.encode()))
            await send(message)

        try:
            await self.app(scope, receive, numbered)
        except Exception as error:
            answer = await _problem(Request(scope, receive), error)
            if not started:
                await answer(scope, receive, numbered)
