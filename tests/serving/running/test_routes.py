"""The service has exactly the endpoints in its registries, so tests that go through these cover every endpoint."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter
from fastapi.routing import iter_route_contexts

from riskml_serving.api import routers as api
from riskml_serving.api.openapi import list_endpoints, require_answer_types
from riskml_serving.base.settings import Settings
from riskml_serving.running.app import create_app
from riskml_serving.web import router as web
from riskml_serving.web.shell.page_router import PageRouter, require_declared


@pytest.fixture
def app():
    return create_app(Settings(database_url="sqlite://"))


@pytest.fixture
def visits():
    """Make a router that is in no registry."""
    router = APIRouter()

    @router.get("/v1/visits", response_model=dict[str, str])
    async def visits() -> dict[str, str]:
        return {}

    return router


def compare_routes(app):
    """Return the paths that are served but not listed, and those that are listed but not served."""
    listed = list_endpoints((*api.ROUTERS, *web.ROUTERS))
    served = [context.original_route for context in iter_route_contexts(app.routes)]
    return (
        {route.path for route in served if route not in listed} - {app.openapi_url},
        {route.path for route in listed if route not in served},
    )


def test_the_registries_list_exactly_the_served_routes(app):
    assert compare_routes(app) == (set(), set())


def test_every_address_requires_a_key_or_an_account_except_those_listed_as_open(client):
    answered = set()
    for route in list_endpoints((*api.ROUTERS, *web.ROUTERS)):
        for method in route.methods:
            path = re.sub(r"{\w+}", "x", route.path)
            refused = client.request(method, path, follow_redirects=False)
            if refused.status_code not in (401, 403) and "/sign-in?back=" not in refused.headers.get("location", ""):
                answered.add(route.path)
    assert answered <= web.OPEN_TO_ALL | {"/healthz", "/readyz"}


def test_a_router_missing_from_the_registries_is_noticed(app, visits):
    app.include_router(visits)
    assert compare_routes(app) == ({"/v1/visits"}, set())


@pytest.mark.parametrize("outer", [APIRouter, PageRouter])
def test_a_router_nested_in_a_router_prevents_startup(visits, outer):
    router = outer()
    router.include_router(visits)
    for check in (require_answer_types, lambda routers: require_declared(routers, web.OPEN_TO_ALL)):
        with pytest.raises(TypeError, match="is not an endpoint: add its router to ROUTERS"):
            check([router])


def test_an_application_mounted_in_a_router_prevents_startup(app):
    router = APIRouter()
    router.mount("/visits", app)
    with pytest.raises(TypeError, match=r"Mount.*/visits.* is not an endpoint"):
        require_answer_types([router])
