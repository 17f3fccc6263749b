"""Commands on two workers write the same bytes as on one machine, whatever happens to a worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import typer
from distributed import Client
from typer.testing import CliRunner

from riskml.cli.data.check import check
from riskml.cli.data.features import features
from riskml.cli.data.partition import partition
from riskml.cli.main import build_app
from riskml.cli.model.score import score
from riskml.cluster.partition import open_partitions
from riskml.cluster.workers import Workers
from riskml.errors import RecordsError
from riskml.progress import Silent

pytestmark = pytest.mark.integration

Divide = Callable[..., Path]
Json = Callable[..., object]
AS_OF = "2022-12-31"


@pytest.fixture(scope="module")
def whole(county: Path, bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what one machine writes: features, and scores with explanations."""
    folder = tmp_path_factory.mktemp("whole")
    features(county, AS_OF, folder / "features.parquet")
    score(bundle_path, county, AS_OF, folder / "scores.parquet", explain=True)
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def check_json(capsys: pytest.CaptureFixture[str]) -> Json:
    """Return a function that checks a folder and returns the report."""

    def run(folder: Path, cluster: str | None = None) -> object:
        capsys.readouterr()
        with pytest.raises(typer.Exit):
            check(folder, as_json=True, cluster=cluster)
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("command", ["partition --parts 2", "check", "features --as-of 2022-12-31"])
def test_the_environment_names_the_cluster(county: Path, tmp_path: Path, command: str) -> None:
    name, *options = command.split()
    out = [] if name == "check" else ["--out", str(tmp_path / "out.parquet")]
    arguments = [name, str(county), *options, *out]
    done = CliRunner().invoke(build_app(), arguments, env={"RISKML_CLUSTER": "nonsense"})
    assert "no Dask scheduler at nonsense" in str(done.exception)


@pytest.mark.parametrize("parts", [1, 2, 8])
def test_partitions_give_the_same_bytes(
    divide: Divide,
    county: Path,
    bundle_path: Path,
    whole: dict[str, bytes],
    address: str,
    tmp_path: Path,
    parts: int,
) -> None:
    folder = divide(county, parts)
    features(folder, AS_OF, tmp_path / "f.parquet", cluster=address)
    assert (tmp_path / "f.parquet").read_bytes() == whole["features"]
    score(bundle_path, folder, AS_OF, tmp_path / "s.parquet", explain=True, cluster=address)
    assert (tmp_path / "s.parquet").read_bytes() == whole["scores"]


def test_a_folder_without_partitions_is_divided_temporarily(
    county: Path, bundle_path: Path, whole: dict[str, bytes], address: str, tmp_path: Path
) -> None:
    source, out = tmp_path / "csv", tmp_path / "out" / "s.parquet"
    source.mkdir()
    for path in county.glob("*.parquet"):
        if path.stem != "truth":
            pd.read_parquet(path).to_csv(source / f"{path.stem}.csv", index=False)
    score(bundle_path, source, AS_OF, out, explain=True, cluster=address)
    assert out.read_bytes() == whole["scores"]
    assert [path.name for path in out.parent.iterdir()] == ["s.parquet"]


def test_partition_and_check_run_on_workers(
    county: Path, address: str, tmp_path: Path, check_json: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    partition(county, tmp_path / "parts", 3, cluster=address)
    assert "800 households in 3 partitions" in capsys.readouterr().out
    assert check_json(tmp_path / "parts", address) == check_json(county)


def test_faults_are_the_same_on_workers(county: Path, address: str, tmp_path: Path, check_json: Json) -> None:
    """A rule that compares households sees all of them, although every worker checks only some of the rules."""
    source = tmp_path / "faulty"
    shutil.copytree(county, source)
    income = pd.read_parquet(source / "income.parquet")
    income.loc[:40, "record_id"] = "again"
    income.loc[100:140, "household_id"] = "nobody"
    income.loc[200:240, "amount"] = 1e12
    pd.concat([income, income.tail(30)]).to_parquet(source / "income.parquet")
    homes = pd.read_parquet(source / "households.parquet")
    pd.concat([homes, homes.head(3)]).to_parquet(source / "households.parquet")
    here = check_json(source)
    assert isinstance(here, dict)
    codes = {fault["code"] for fault in here["faults"]}
    assert {"unknown_household", "duplicate_version", "duplicate_record", "equal_rows"} <= codes
    assert check_json(source, address) == here
    with pytest.raises(RecordsError, match="duplicate_record"):
        partition(source, tmp_path / "out", 2, cluster=address)
    assert not (tmp_path / "out").exists()
    partition(source, tmp_path / "out", 2, skip_bad_rows=tmp_path / "bad.csv", cluster=address)
    after = check_json(tmp_path / "out")
    assert isinstance(after, dict)
    assert after["ok"]


def test_a_damaged_file_is_found_on_workers(county: Path, address: str, tmp_path: Path, check_json: Json) -> None:
    source = tmp_path / "damaged"
    shutil.copytree(county, source)
    content = bytearray((source / "income.parquet").read_bytes())
    content[100 : len(content) // 2] = b"\xff" * (len(content) // 2 - 100)
    (source / "income.parquet").write_bytes(content)
    assert check_json(source, address) == check_json(source)


def test_a_killed_worker_changes_no_byte(
    divide: Divide, county: Path, bundle_path: Path, whole: dict[str, bytes], address: str, tmp_path: Path
) -> None:
    folder, out = divide(county, 8), tmp_path / "s.parquet"
    with Client(address) as client, ThreadPoolExecutor(1) as pool:
        numbers: dict[str, int] = client.run(os.getpid)
        scored = pool.submit(score, bundle_path, folder, AS_OF, out, explain=True, cluster=address)
        busy: list[str] = []
        while not busy and not scored.done():
            time.sleep(0.01)
            busy = [worker for worker, keys in client.processing().items() if any("_call" in str(key) for key in keys)]
        os.kill(numbers[busy[0]], signal.SIGKILL)
        scored.result(timeout=300)
    assert out.read_bytes() == whole["scores"]


def test_a_lost_partition_is_named(
    divide: Divide, county: Path, bundle_path: Path, address: str, tmp_path: Path
) -> None:
    folder = divide(county, 4)
    shutil.rmtree(folder / "0002")
    with pytest.raises(RecordsError, match="Partition 0002"):
        score(bundle_path, folder, AS_OF, tmp_path / "s.parquet", cluster=address)
    assert not (tmp_path / "s.parquet").exists()


class Release(Silent):
    """Lets the slow job, which reads a named pipe, end as soon as the other jobs are finished, or after a minute."""

    def __init__(self, pipe: Path, others: int) -> None:
        self.pipe, self.others, self.finished = pipe, others, 0
        self.before = 0
        self.late = threading.Timer(60, self.release)
        self.late.daemon = True
        self.late.start()

    def step(self, count: int = 1) -> None:
        self.finished += count
        if self.finished == self.others:
            self.late.cancel()
            self.release()

    def release(self) -> None:
        self.before = self.finished
        self.pipe.write_text("slow", "utf-8")


def test_a_slow_job_delays_no_other(workers: Workers, tmp_path: Path) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.write_text("quick", "utf-8")
    release = Release(pipe, 6)
    assert workers.map(Path.read_text, [pipe, *[file] * 6], release) == ["slow", *["quick"] * 6]
    assert release.before == 6


def test_a_folder_that_is_divided_already_is_not_divided_again(
    divide: Divide, county: Path, workers: Workers, tmp_path: Path
) -> None:
    folder = divide(county, 3)
    with open_partitions(folder, tmp_path / "near", (), None, workers, lambda _folder: None) as partitions:
        assert [one.path for one in partitions] == [folder / name for name in ("0000", "0001", "0002")]
    assert not (tmp_path / "near").exists()
