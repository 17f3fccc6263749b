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

__all__ = ["MOST_BYTES", "P95_MS", "Measured", "measure_pages"]

P95_MS, MOST_BYTES = 150, 100_000
"""What a page may take and weigh."""

MOST_HOUSEHOLDS = 30
LISTS = ("/worklist", "/worklist?state=overdue", "/worklist?state=all&page=3", "/worklist?state=all&cause=work")


@dataclass(frozen=True)
class Measured:
    """Requests of one kind of page by one role.

    Parameters
    ----------
    role, page : str
    n : int
    p50_ms, p95_ms : float
    most_bytes : int
        Of the largest page, with style sheet and script, as they travel.
    """

    role: str
    page: str
    n: int
    p50_ms: float
    p95_ms: float
    most_bytes: int

    @property
    def within(self) -> bool:
        """Whether it meets both targets."""
        return self.p95_ms < P95_MS and self.most_bytes < MOST_BYTES


def measure_pages(
    settings: Settings, accounts: Sequence[Account], bundle: Path, rounds: int, progress: Progress
) -> list[Measured]:
    """Run the service on a demo's database in a process of its own, and read its pages one after the other.

    Parameters
    ----------
    settings : Settings
        Of the demo.
    accounts : sequence of Account
    bundle : Path
    rounds : int
        How often every page is read, after once that does not count.
    progress : Progress
    """
    own = {"TODAY": str(settings.today), "SIMULATED": str(settings.simulated)}
    own |= {"REGION_NAMES": str(settings.region_names)} if settings.region_names else {}
    progress.stage("Read every page", len(accounts) * (rounds + 1))
    out: list[Measured] = []
    with (
        TemporaryDirectory(prefix="riskml-pages-") as folder,
        run_service(Path(folder), settings.database_url, bundle.resolve(), **own) as address,
    ):
        for account in accounts:
            reader = _signed_in(address, account)
            aside = sum(len(reader.get(f"{address}/static/{name}").content) for name in ("style.css", "form.js"))
            pages = _pages(reader, address)
            taken: dict[str, list[tuple[float, int]]] = defaultdict(list)
            for turn in range(rounds + 1):
                for name, paths in pages.items():
                    found = [_read(reader, address + path) for path in paths]
                    taken[name] += found if turn else []
                progress.step()
            for name, read in taken.items():
                times = np.array([seconds for seconds, _ in read]) * 1000
                p50, p95 = (round(float(np.quantile(times, q)), 1) for q in (0.5, 0.95))
                out.append(Measured(account.role, name, len(read), p50, p95, aside + max(size for _, size in read)))
    return out


def _signed_in(address: str, account: Account) -> Any:
    import requests

    reader = requests.Session()
    form = reader.get(f"{address}/sign-in", timeout=30).text
    token = re.search(r'name="csrf" value="([^"]+)"', form)
    assert token is not None, "the form carries its token"
    sent = {"csrf": token[1], "username": account.username, "password": account.password, "back": "/worklist"}
    reader.post(f"{address}/sign-in", data=sent, timeout=30).raise_for_status()
    return reader


def _pages(reader: Any, address: str) -> dict[str, list[str]]:
    listed = reader.get(f"{address}/worklist?state=all", timeout=30).text
    households = list(dict.fromkeys(re.findall(r'href="(/households/[^"?]+)"', listed)))[:MOST_HOUSEHOLDS]
    return {"worklist": list(LISTS), "household": households, "overview": ["/overview"] * 4, "model": ["/model"] * 4}


def _read(reader: Any, url: str) -> tuple[float, int]:
    at = time.perf_counter()
    answer = reader.get(url, timeout=30)
    taken = time.perf_counter() - at
    answer.raise_for_status()
    return taken, len(answer.content)
