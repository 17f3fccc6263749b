"""Measures the staff pages as a reader gets them: time over the loopback, and bytes."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from riskml.progress import Progress
from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.accounts import Account
from riskml_serving.devtools.benchmark.servers import run_service

__all__ = ["MAX_BYTES", "MAX_P95_MS", "PageTiming", "measure_pages"]

MAX_P95_MS, MAX_BYTES = 150, 100_000
"""Targets of every page."""

MAX_HOUSEHOLDS = 30
LISTS = ("/worklist", "/worklist?state=overdue", "/worklist?state=all&page=3", "/worklist?state=all&cause=work")


@dataclass(frozen=True)
class PageTiming:
    """Requests of one kind of page by one role.

    Parameters
    ----------
    role, page : str
    n : int
    p50_ms, p95_ms : float
    max_bytes : int
        Of the largest page, with style sheet and script, as sent.
    """

    role: str
    page: str
    n: int
    p50_ms: float
    p95_ms: float
    max_bytes: int

    @property
    def meets_targets(self) -> bool:
        """Whether both targets are met."""
        return self.p95_ms < MAX_P95_MS and self.max_bytes < MAX_BYTES


def measure_pages(settings: Settings, accounts: Sequence[Account], rounds: int, progress: Progress) -> list[PageTiming]:
    """Run the service on a demo's database in its own process, and read its pages in turn.

    Parameters
    ----------
    settings : Settings
        Of the demo.
    accounts : sequence of Account
    rounds : int
        How often every page is read, after once that does not count.
    progress : Progress
    """
    progress.stage("Read every page", len(accounts) * (rounds + 1))
    out: list[PageTiming] = []
    with TemporaryDirectory(prefix="riskml-pages-") as folder, run_service(Path(folder), settings) as address:
        for account in accounts:
            session = _sign_in(address, account)
            assets = sum(_read(session, f"{address}/static/{name}")[1] for name in ("style.css", "form.js"))
            pages = _list_pages(session, address)
            requests: dict[str, list[tuple[float, int]]] = defaultdict(list)
            for turn in range(rounds + 1):
                for name, paths in pages.items():
                    measured = [_read(session, address + path) for path in paths]
                    requests[name] += measured if turn else []
                progress.step()
            for name, measured in requests.items():
                p50, p95 = np.quantile([seconds * 1000 for seconds, _ in measured], (0.5, 0.95)).round(1).tolist()
                size = assets + max(size for _, size in measured)
                out.append(PageTiming(account.role, name, len(measured), p50, p95, size))
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


def _list_pages(session: Any, address: str) -> dict[str, list[str]]:
    worklist = session.get(f"{address}/worklist?state=all", timeout=30).text
    households = list(dict.fromkeys(re.findall(r'href="(/households/[^"?]+)"', worklist)))[:MAX_HOUSEHOLDS]
    return {"worklist": list(LISTS), "household": households, "overview": ["/overview"] * 4, "model": ["/model"] * 4}


def _read(session: Any, url: str) -> tuple[float, int]:
    began = time.perf_counter()
    response = session.get(url, timeout=30)
    seconds = time.perf_counter() - began
    response.raise_for_status()
    return seconds, len(response.content)
