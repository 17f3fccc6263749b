"""If the disk fills up during an export, the response says so, and no partial file is left."""

from __future__ import annotations

import csv
import errno
import resource
import signal
import uuid

import pyarrow as pa
import pytest

from riskml_serving.base.errors import to_problem
from riskml_serving.judging.jobs import exporting
from riskml_serving.judging.jobs.worker import Worker

NAMES = {"model_version": "riskml-1", "policy_version": "1"}


@pytest.fixture
def full_disk():
    """Return a function that keeps every file from growing beyond a few kilobytes from then on."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def make_table(rows=4000):
    columns = {field.name: pa.array([f"{i:012d}" for i in range(rows)]) for field in exporting.RESULTS}
    return pa.table({name: values.cast(exporting.RESULTS.field(name).type) for name, values in columns.items()})


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_full_disk_leaves_no_partial_file_and_a_retry_succeeds(tmp_path, full_disk, form):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    full_disk()
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the kind of problem is compared below
        exporting.export(tmp_path / "out", "job", form, iter([make_table()]), NAMES)
    assert to_problem(caught.value).kind == "storage-full"
    assert list((tmp_path / "out").iterdir()) == []
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    path = exporting.export(tmp_path / "out", "job", form, iter([make_table()]), NAMES)
    assert path.stat().st_size > 4096
    assert path.stat().st_mode & 0o077 == 0, "only its owner may read it"
    assert exporting.export(tmp_path / "out", "job", form, iter(()), NAMES) == path, "not written again"


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (errno.ENOSPC, 507, "storage-full"),
        (errno.EDQUOT, 507, "storage-full"),
        (errno.EACCES, 500, "internal-error"),
        (errno.EIO, 500, "internal-error"),
    ],
)
def test_only_a_full_disk_is_reported_as_a_full_disk(make_client, key, tmp_path, monkeypatch, fault, status, kind):
    client = make_client(job_worker=False, export_folder=tmp_path / "folder")
    state, headers = client.app.state, key()
    job = client.post("/v1/batches", json={}, headers=headers).json()["job"]
    Worker(state.engine, state.settings, lambda: state.holder.current).step()

    def fail(_number):
        raise OSError(fault, "no", str(tmp_path))

    with monkeypatch.context() as patch:
        patch.setattr("riskml_serving.judging.jobs.exporting.os.fsync", fail)
        answer = client.get(f"/v1/jobs/{job}/results", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:riskml:problem:{kind}")
    assert str(tmp_path) not in answer.text
    assert list((tmp_path / "folder").iterdir()) == []
    assert client.get(f"/v1/jobs/{job}/results", headers=headers).status_code == 200


def test_only_results_files_are_deleted_from_the_folder(tmp_path):
    """The folder may contain other files, even the database, so only results files are deleted."""
    job = str(uuid.uuid4())
    own = [exporting.export(tmp_path, job, form, iter([make_table(1)]), NAMES) for form in exporting.FORMATS]
    (tmp_path / f".{job}-ab_c1.part").touch()
    others = {"riskml.db", "riskml.db-wal", f"{job}.db", "notes.csv", ".other.part", "models"}
    for name in others - {"models"}:
        (tmp_path / name).touch()
    (tmp_path / "models").mkdir()
    exporting.drop_exports(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == others
    assert len(own) == 2
    exporting.drop_exports(tmp_path / "never made")


@pytest.mark.parametrize("code", ["=1+1", "\uff1d1+1", " @SUM(1)", "\t=1"])
def test_codes_are_not_read_as_formulas_by_spreadsheets(code, tmp_path):
    table = make_table(2).set_column(0, "household_id", pa.array([code, "H1"]))
    path = exporting.export(tmp_path, "job", "csv", iter([table]), NAMES)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == [f"'{code}", "H1"]
