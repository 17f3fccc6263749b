"""Measures the staff pages as a browser receives them: time over the loopback interface, and size in bytes."""

from __future__ import annotations

import math
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from riskml.progress import Progress
from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.accounts import Account
from riskml_serving.devtools.benchmark.servers import run_service
from riskml_serving.people.accounts import ROLES
from riskml_serving.web.router import PAGES
from riskml_serving.web.shell.page import Page

MAX_HOUSEHOLDS, MIN_ADDRESSES = 30, 4


@dataclass(frozen=True)
class PageTiming:
    """The times and sizes measured for one page, opened by a user with one role.

    Parameters
    ----------
    role : str
    page : Page
    n : int
    p50_ms, p95_ms : float
    max_bytes : int
        Size of the largest response as transferred, including style sheet and script.
    """

    role: str
    page: Page
    n: int
    p50_ms: float
    p95_ms: float
    max_bytes: int

    @property
    def meets_targets(self) -> bool:
        """Whether the page meets both of its targets."""
        return self.p95_ms < self.page.max_p95_ms and self.max_bytes < self.page.max_bytes


def list_addresses(pages: Iterable[Page], households: Sequence[str]) -> dict[Page, list[str]]:
    """List the addresses to read for every page except workbooks; those of a page with fewer than four are repeated."""
    out = {}
    for page in pages:
        if not page.workbook:
            codes = households if "{household_id}" in page.path else [""]
            addresses = [address for code in codes for address in page.list_addresses(code)]
            out[page] = addresses * math.ceil(MIN_ADDRESSES / len(addresses))
    return out


def measure_pages(settings: Settings, accounts: Sequence[Account], rounds: int, progress: Progress) -> list[PageTiming]:
    """Run the service on a demo's database in its own process, and read in turn the pages that each role may open.

    Parameters
    ----------
    settings : Settings
        The demo's settings.
    accounts : sequence of Account
    rounds : int
        Number of times every page is read, after a first reading that does not count.
    progress : Progress
    """
    progress.stage("Read every page", len(accounts) * (rounds + 1))
    out: list[PageTiming] = []
    with TemporaryDirectory(prefix="riskml-pages-") as folder, run_service(Path(folder), settings) as address:
        for account in accounts:
            session = _sign_in(address, account)
            assets = sum(_read(session, f"{address}/static/{name}")[1] for name in ("style.css", "form.js"))
            worklist = session.get(f"{address}/worklist?state=all", timeout=30).text
            households = list(dict.fromkeys(re.findall(r'href="/households/([^"?]+)"', worklist)))[:MAX_HOUSEHOLDS]
            role = ROLES[account.role]
            pages = list_addresses((page for page in PAGES if page.right in role.may | role.rights), households)
            requests: dict[Page, list[tuple[float, int]]] = defaultdict(list)
            for turn in range(rounds + 1):
                for page, paths in pages.items():
                    measured = [_read(session, address + path) for path in paths]
                    requests[page] += measured if turn else []
                progress.step()
            for page, measured in requests.items():
                p50, p95 = np.quantile([seconds * 1000 for seconds, _ in measured], (0.5, 0.95)).round(1).tolist()
                size = assets + max(size for _, size in measured)
                out.append(PageTiming(account.role, page, len(measured), p50, p95, size))
    return out


def _sign_in(address: str, account: Account) -> Any:
    import requests

    session = requests.Session()
    form = session.get(f"{address}/sign-in", timeout=30).text
    token = re.search(r'name="csrf" value="([^"]+)"', form)
    assert token is not None, "the form has a token"
    fields = {"csrf": token[1], "username": account.username, "password": account.password, "back": "/worklist"}
    session.post(f"{address}/sign-in", data=fields, timeout=30).raise_for_status()
    return session


def _read(session: Any, url: str) -> tuple[float, int]:
    began = time.perf_counter()
    response = session.get(url, timeout=30)
    seconds = time.perf_counter() - began
    response.raise_for_status()
    return seconds, len(response.content)
