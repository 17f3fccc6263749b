"""Connect to the workers of a Dask cluster, and map a function over jobs on them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from riskml.errors import ClusterError
from riskml.progress import SILENT, Progress
from riskml.records.reading.cell_sql import limit_resources

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

J = TypeVar("J")
R = TypeVar("R")

LOCAL = "local"
"""The address that stands for worker processes on this machine, one for each processor."""

HERE = {
    "distributed.scheduler.no-workers-timeout": "5 minutes",  # gives up if workers are lost and no other can be started
    "distributed.scheduler.worker-saturation": 1.0,  # no job waits for a slow one on the same worker
}
"""Settings of Dask's scheduler for a cluster on this machine."""

MOST_HERE = 100_000
"""Where a sample of the households is enough, the calling process reads this many itself."""


class Workers:
    """The workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    def __len__(self) -> int:
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    def map(self, function: Callable[[J], R], jobs: Sequence[J], progress: Progress = SILENT) -> list[R]:
        """Run a function on every job and return the results in the order of the jobs.

        If a worker is lost, its jobs run again on another one. Results are fetched as they arrive, so that a slow job
        delays no other.

        Raises
        ------
        RiskmlError
            The first error of a job; the jobs that have not begun are cancelled.
        ClusterError
            If workers were repeatedly lost on the same job, or no worker is left.
        """
        from distributed import KilledWorker, as_completed
        from distributed.scheduler import NoWorkerError

        shared = self.client.submit(_keep, function, pure=False)  # sent once, and made again if its worker is lost
        futures = self.client.map(_call, jobs, function=shared, pure=False)
        position = {future.key: i for i, future in enumerate(futures)}
        results: dict[int, R] = {}
        try:
            for future, result in as_completed(futures, with_results=True):
                results[position[future.key]] = result
                future.release()
                progress.step()
        except KilledWorker as error:
            raise ClusterError(
                "Workers were lost while they ran the job {job}: {reason}",
                "They may lack memory: use more partitions, or workers with more memory.",
                job=jobs[position[error.task]] if error.task in position else error.task,
                reason=str(error).splitlines()[0],
            ) from None
        except NoWorkerError as error:
            raise ClusterError(
                "No worker was running for {seconds:.0f} seconds.", "Start workers again.", seconds=error.timeout
            ) from None
        finally:
            self.client.cancel([*futures, shared])
        return [results[i] for i in range(len(jobs))]


def _keep(value: Any) -> Any:
    return value


def _call(job: Any, function: Callable[[Any], Any]) -> Any:
    """Run a job within the worker's means: DuckDB alone would take 80 % of the machine's memory and all cores."""
    from distributed import get_worker

    worker = get_worker()
    limit_resources((worker.memory_manager.memory_limit or 0) // 2, worker.state.nthreads)
    return function(job)


@contextmanager
def connect(address: str | None) -> Iterator[Workers | None]:
    """Connect to a cluster for the duration of a ``with`` block.

    Parameters
    ----------
    address : str or None
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, or ``local`` for processes on this machine; None
        if all work is done in this process, which then has no workers.

    Raises
    ------
    ClusterError
        If Dask is not installed, or there is no scheduler at the address, or it has no workers, or they have another
        version of riskml.
    """
    if address is None:
        yield None
        return
    try:
        import dask.config
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError:
        raise ClusterError("--cluster needs Dask.", "Install it with `pip install 'riskml[cluster]'`.") from None
    if address == LOCAL:
        with dask.config.set(HERE), _start_here() as cluster, Client(cluster) as client:
            yield Workers(client)
        return
    try:
        get_address_host_port(address)  # refuses what cannot be an address before the client starts its threads
        client = Client(address, timeout="10s")
    except (OSError, ValueError, AssertionError) as error:  # Dask asserts that its thread starts within ten seconds
        raise ClusterError(
            "There is no Dask scheduler at {address}: {reason}.",
            "Give the address that `dask scheduler` prints, such as tcp://10.0.0.1:8786, or `local`.",
            address=address,
            reason=(str(error).splitlines() or ["Dask did not start in time, try again"])[0].rstrip("."),
        ) from None
    with client:
        workers = Workers(client)
        if not len(workers):
            raise ClusterError(
                "The Dask scheduler at {address} has no workers.", "Start some with `dask worker`.", address=address
            )
        _refuse_other_versions(client)
        yield workers


def _refuse_other_versions(client: Client) -> None:
    """Refuse workers without this version of riskml: one that cannot read a function closes, and the job never ends."""
    own = version("riskml")
    others = [worker for worker, one in client.run(version, "riskml", on_error="return").items() if one != own]
    if others:
        raise ClusterError(
            "Workers without riskml {version}: {count}, the first at {worker}.",
            "Install `riskml[cluster]` in this version on every machine.",
            count=len(others),
            version=own,
            worker=others[0],
        )


@contextmanager
def _start_here() -> Iterator[LocalCluster]:
    """Run a scheduler and one worker process for each processor on this machine.

    Closing them never hides the error of the ``with`` block: Dask's ``close`` fails if a lost worker is being started
    again at that moment; a second call then closes the rest.
    """
    from distributed import LocalCluster, Status

    # The dashboard, which nobody needs here, gets any free port, since another cluster may use the usual one.
    cluster = LocalCluster(threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR)
    try:
        yield cluster
    finally:
        try:
            cluster.close()
        except (AssertionError, TimeoutError):  # the workers are closed, the scheduler is not
            cluster.status = Status.failed
            cluster.close()
