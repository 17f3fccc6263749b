"""Fixtures with two worker processes, which every test of the session shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dask.config
import pytest
from distributed import LocalCluster

from riskml.cluster.partition import partition
from riskml.cluster.workers import HERE, Workers, connect
from riskml.records.checking.check import open_checked
from riskml.simulation import simulate

Divide = Callable[..., Path]


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Start two workers and return the address of their scheduler."""
    with (
        dask.config.set(HERE),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
    ):
        yield cluster.scheduler_address


@pytest.fixture
def workers(address: str) -> Iterator[Workers]:
    with connect(address) as connected:
        assert connected is not None
        yield connected


@pytest.fixture(scope="session")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate a county that knows income from yearly statements."""
    folder = tmp_path_factory.mktemp("register") / "records"
    simulate(folder, 300, 60, 3, truth="last", income="register")
    return folder


@pytest.fixture
def divide(tmp_path: Path) -> Divide:
    """Return a function that divides a records folder, and returns the folder of the partitions."""

    def run(folder: Path, parts: int, by: str = "hash") -> Path:
        out = tmp_path / f"{by}-{parts}"
        with open_checked(folder) as opened:
            partition(opened, out, parts, by)
        return out

    return run
