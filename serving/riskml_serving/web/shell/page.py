"""The declaration of a page (address, title, right, audit action and targets) and the view that it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.visitor import PageRequest


@dataclass(frozen=True)
class View:
    """The response of a page, and what the audit log records about it.

    Parameters
    ----------
    response : Response
    household_ids : sequence of str, optional
        Households that the response names; None for a page that never names any.
    detail : dict of str to object
        JSON values for the audit entry, never a person's records.
    """

    response: Response
    household_ids: Sequence[str] | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page or a workbook that staff open; the router, the menu, the tools and the tests read this declaration.

    Parameters
    ----------
    name : str
        Name of its picture in the gallery and of its row in the page times.
    path : str
        Address; ``{household_id}`` is its only possible parameter. A path that ends with ``.xlsx`` returns a workbook.
    zh, en : str
        Title in Chinese and in English.
    purpose : str
        What the page is for, as the guide states it.
    titles : dict of int to (str, str)
        Different titles for some readers, by the number of digits in their region's code.
    action : str
        Action that the audit log records when the page is opened.
    right : str, default "read"
        Right that the reader's role must have: one of the rights of API keys, or an action from ``Role.may``.
    households : bool
        Whether the page names households; if so, its :class:`View` lists them, and each gets an audit entry.
    region : bool
        Whether it takes the query parameter ``region``.
    menu : bool
        Whether the main menu links to it.
    examples : tuple of str
        Query strings with which the tools and tests open the page.
    max_p95_ms, max_bytes : int
        Targets for the 95th percentile of the response time, and for the size with style sheet and script.
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
        """Whether the page is a file for Excel."""
        return self.path.endswith(".xlsx")

    def make_workbook(self, path: str, purpose: str, action: str, examples: tuple[str, ...] = ("",)) -> Page:
        """Declare the workbook that exports this page; it names the same households to the same readers."""
        own: dict[str, Any] = {"path": path, "purpose": purpose, "action": action, "examples": examples}
        own |= {"name": f"{self.name}-workbook", "zh": f"{self.zh}（Excel）", "en": f"{self.en} (Excel)"}
        return replace(self, **own, titles={}, menu=False)

    def get_title(self, lang: str, region: str) -> str:
        """Return the title for a reader from a region."""
        zh, en = self.titles.get(len(region), (self.zh, self.en))
        return zh if lang == "zh" else en

    def list_addresses(self, household_id: str = "") -> list[str]:
        """List the page's addresses, one per example query.

        >>> names = dict.fromkeys(("name", "zh", "en", "purpose", "action"), "")
        >>> Page(path="/x/{household_id}", examples=("", "a=1"), **names).list_addresses("h1")
        ['/x/h1', '/x/h1?a=1']
        """
        path = self.path.format(household_id=household_id)
        return [f"{path}?{query}" if query else path for query in self.examples]

    async def answer(self, request: PageRequest, view: View) -> Response:
        """Save the audit entries of a view, then return its response.

        Raises
        ------
        TypeError
            If the view names households although the declaration says that the page names none, or the reverse.
        """
        if self.households != (view.household_ids is not None):
            raise TypeError(f"{self.path} is declared with households={self.households}, and its View says otherwise")
        await get_state(request).audit.record(
            request.caller, self.action, view.household_ids or None, request_id=request.state.request_id, **view.detail
        )
        return view.response
