"""A page and its declaration: address, title, right, audit action and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.visitor import Visitor

__all__ = ["Page", "View"]


@dataclass(frozen=True)
class View:
    """The response of a page, and what the audit keeps about it.

    Parameters
    ----------
    response : Response
    household_ids : sequence of str, optional
        Households that the answer names; None on a page that never names one.
    detail : dict of str to object
        JSON values for the audit entry, never records of a person.
    """

    response: Response
    household_ids: Sequence[str] | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page or a workbook that staff open; the router, the menu, the tools and the tests read it.

    Parameters
    ----------
    name : str
        Names its picture in the gallery and its row among the page times.
    path : str
        Address; ``{household_id}`` is its only parameter. A path that ends with ``.xlsx`` gives a workbook.
    zh, en : str
        Title.
    purpose : str
        What it is for, in the guide.
    titles : dict of int to (str, str)
        Other titles for readers whose region has that many digits.
    action : str
        What the audit calls opening it.
    right : str, default "read"
        Right that the reader's role must have: one of a key's, or of ``Role.may``.
    households : bool
        Whether it names households: then its :class:`View` lists them, and each has an audit entry.
    region : bool
        Whether it takes the query parameter ``region``.
    menu : bool
        Whether the main menu links to it.
    examples : tuple of str
        Queries with which tools and tests open it.
    max_p95_ms, max_bytes : int
        Targets: 95th percentile of its time, and its size with style sheet and script.
    """

    name: str
    path: str
    zh: str
    en: str
    purpose: str
    titles: Mapping[int, tuple[str, str]] = field(default_factory=dict, hash=False)
    action: str
    right: str = "read"
    households: bool = False
    region: bool = False
    menu: bool = False
    examples: tuple[str, ...] = ("",)
    max_p95_ms: int = 150
    max_bytes: int = 100_000

    @property
    def workbook(self) -> bool:
        """Whether it is a file for Excel."""
        return self.path.endswith(".xlsx")

    def make_workbook(self, path: str, purpose: str, action: str, examples: tuple[str, ...] = ("",)) -> Page:
        """Declare the workbook that a page exports: it names the same households, for the same readers."""
        own: dict[str, Any] = {"path": path, "purpose": purpose, "action": action, "examples": examples}
        own |= {"name": f"{self.name}-workbook", "zh": f"{self.zh}（Excel）", "en": f"{self.en} (Excel)"}
        return replace(self, **own, titles={}, menu=False)

    def get_title(self, lang: str, region: str) -> str:
        """Return the title for a reader of a region."""
        zh, en = self.titles.get(len(region), (self.zh, self.en))
        return zh if lang == "zh" else en

    def list_addresses(self, household_id: str = "") -> list[str]:
        """List the addresses with the queries of the examples.

        >>> names = dict.fromkeys(("name", "zh", "en", "purpose", "action"), "")
        >>> Page(path="/x/{household_id}", examples=("", "a=1"), **names).list_addresses("h1")
        ['/x/h1', '/x/h1?a=1']
        """
        path = self.path.format(household_id=household_id)
        return [f"{path}?{query}" if query else path for query in self.examples]

    async def answer(self, request: Request, visitor: Visitor, view: View) -> Response:
        """Keep the audit entries of a view, then give its response.

        Raises
        ------
        TypeError
            If the view names households and the declaration does not, or the other way round.
        """
        if self.households != (view.household_ids is not None):
            raise TypeError(f"{self.path} is declared with households={self.households}, and its View says otherwise")
        await get_state(request).audit.record(
            visitor.caller, self.action, view.household_ids or None, request_id=request.state.request_id, **view.detail
        )
        return view.response
