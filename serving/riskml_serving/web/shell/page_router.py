"""Serves declared pages; the service does not start if an address is not declared."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import wraps
from typing import Any, get_type_hints

from fastapi import APIRouter
from starlette.responses import Response

from riskml_serving.api.openapi import list_endpoints
from riskml_serving.base.problems import Problem
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.refusals import PageRoute
from riskml_serving.web.shell.visitor import PageRequest

Endpoint = Callable[..., Coroutine[Any, Any, View]]


class PageRouter(APIRouter):
    """A router for declared pages that shows errors as pages."""

    def __init__(self) -> None:
        super().__init__(route_class=PageRoute, include_in_schema=False)
        self.pages: list[Page] = []

    def page(self, page: Page) -> Callable[[Endpoint], Endpoint]:
        """Serve a page: refuse readers without the right to it, and save its audit entries before responding.

        Raises
        ------
        TypeError
            If the endpoint does not take ``request: SignedIn``, or does not return a :class:`View`.
        """

        def register(endpoint: Endpoint) -> Endpoint:
            hints = get_type_hints(endpoint)
            if hints.get("return") is not View or hints.get("request") is not PageRequest:
                raise TypeError(f"The endpoint of {page.path} must take request: SignedIn, and return a View")

            @wraps(endpoint)
            async def open_page(request: PageRequest, **values: Any) -> Response:
                if not request.visitor.may(page.right):
                    raise Problem("role-refused")
                return await page.answer(request, await endpoint(request=request, **values))

            self.add_api_route(page.path, open_page, methods=["GET"], response_model=None)
            self.pages.append(page)
            return endpoint

        return register


def require_declared(routers: Iterable[APIRouter], open_to_all: frozenset[str]) -> tuple[Page, ...]:
    """Return the pages of the given routers, in order.

    Parameters
    ----------
    routers : iterable of APIRouter
    open_to_all : frozenset of str
        Addresses that show nothing about the county and therefore need no declaration.

    Raises
    ------
    TypeError
        If an address that answers ``GET`` is neither declared nor open to all, so that no audit, test or document
        covers it, or if a router contains another router.
    """
    parts = list(routers)
    pages = tuple(page for part in parts for page in getattr(part, "pages", ()))
    known = open_to_all | {page.path for page in pages}
    for route in list_endpoints(parts):
        if "GET" in (route.methods or ()) and route.path not in known:
            raise TypeError(f"GET {route.path} is not a declared page: serve it with @router.page(Page(...))")
    return pages
