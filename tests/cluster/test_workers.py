"""Connecting to workers, and what is said if that fails or if they are lost."""

from __future__ import annotations

import importlib.metadata
import os
import sys

import pytest
from distributed import Client, LocalCluster, Nanny, Status

from riskml.cluster.workers import HERE, connect
from riskml.errors import ClusterError
from riskml.records.reading import cell_sql

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "carrier-pigeon://1:2"])
def test_a_wrong_address_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr("distributed.Client", lambda address, **_: Client(address, timeout="1s"))  # instead of ten
    with pytest.raises(ClusterError, match=f"no Dask scheduler at {address}"), connect(address):
        pass


@pytest.mark.parametrize("address", ["nonsense", "carrier-pigeon://1:2", "inproc://1/2"])
def test_no_client_starts_for_what_cannot_be_an_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr("distributed.Client", lambda *_, **__: pytest.fail("a client was started"))
    with pytest.raises(ClusterError, match=f"no Dask scheduler at {address}"), connect(address):
        pass


def test_a_client_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("distributed.Client", start)
    with pytest.raises(ClusterError, match="did not start in time"), connect("tcp://127.0.0.1:9"):
        pass


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"riskml\[cluster\]"), connect("local"):
        pass


def test_a_scheduler_without_workers_is_named() -> None:
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster,
        pytest.raises(ClusterError, match="has no workers"),
        connect(cluster.scheduler_address),
    ):
        pass


@pytest.mark.parametrize("installed", ["9.9.9", None])
def test_workers_without_this_version_are_named(installed: str | None) -> None:
    """A worker that cannot read a function closes, and its job would wait for ever."""

    def change() -> None:
        def find(name: str) -> str:
            if installed is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return installed

        importlib.metadata.version = find

    with LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0") as cluster:
        with Client(cluster) as client:
            client.run(change)
        with pytest.raises(ClusterError, match=r"Workers without riskml .*: 1, "), connect(cluster.scheduler_address):
            pass


def test_a_job_on_which_workers_are_lost_is_named() -> None:
    with connect("local") as workers:
        assert workers is not None
        with pytest.raises(ClusterError, match="Workers were lost while they ran the job 1:"):
            workers.map(os._exit, [1])


def test_queries_of_a_worker_keep_within_half_of_its_memory_and_its_threads() -> None:
    def read(name: str) -> object:
        return cell_sql.fetch_row(cell_sql.connect(), f"SELECT current_setting('{name}')")[0]

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, memory_limit="1GiB", dashboard_address="127.0.0.1:0"
        ) as cluster,
        connect(cluster.scheduler_address) as workers,
    ):
        assert workers is not None
        assert workers.map(read, ["memory_limit", "threads"]) == ["512.0 MiB", 2]


@pytest.mark.parametrize("error", [AssertionError("can only join a started process"), TimeoutError()])
def test_an_error_while_workers_are_closed_hides_no_other(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    clusters, killed, kill = [], [], Nanny.kill

    async def fail_once(nanny: Nanny, timeout: float = 5, reason: str = "") -> None:
        await kill(nanny, timeout, reason)
        killed.append(nanny)
        if len(killed) == 1:
            raise error

    monkeypatch.setattr(Nanny, "kill", fail_once)
    with pytest.raises(ZeroDivisionError), connect("local") as workers:  # noqa: PT012
        assert workers is not None
        clusters.append(workers.client.cluster)
        raise ZeroDivisionError
    assert killed
    assert clusters[0].status == clusters[0].scheduler.status == Status.closed


def test_jobs_do_not_wait_for_ever_if_no_worker_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HERE, "distributed.scheduler.no-workers-timeout", "1s")
    with connect("local") as workers:
        assert workers is not None
        workers.client.retire_workers(list(workers.client.scheduler_info(n_workers=-1)["workers"]), close_workers=True)
        with pytest.raises(ClusterError, match="No worker was running for 1 seconds"):
            workers.map(abs, [1, 2])


def test_without_an_address_there_are_no_workers() -> None:
    with connect(None) as workers:
        assert workers is None
