"""A full disk on export: a clear answer, and nothing half is left."""

from __future__ import annotations

import datetime as dt
import resource
import signal

import pyarrow as pa
import pytest

from riskml_serving.importing.service import import_folder
from riskml_serving.jobs import exporting
from riskml_serving.jobs.worker import Worker

AS_OF = dt.date(2023, 6, 30)


@pytest.fixture
def full_disk():
    """No file may grow beyond a few kilobytes."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def large(rows=4000):
    columns = {field.name: pa.array([f"{i:012d}" for i in range(rows)]) for field in exporting.RESULTS}
    return pa.table({name: values.cast(exporting.RESULTS.field(name).type) for name, values in columns.items()})


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_full_disk_leaves_nothing_half_and_space_makes_it_work(tmp_path, full_disk, form):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    full_disk()
    with pytest.raises(exporting.Problem) as told:
        exporting.export(tmp_path / "out", "job", form, iter([large()]))
    assert (told.value.kind, told.value.status) == ("storage-full", 507)
    assert list((tmp_path / "out").iterdir()) == []
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    path = exporting.export(tmp_path / "out", "job", form, iter([large()]))
    assert path.stat().st_size > 4096
    assert path.stat().st_mode & 0o077 == 0, "only its owner reads it"
    assert exporting.export(tmp_path / "out", "job", form, iter(())) == path, "written once"


def test_the_caller_is_told_that_the_disk_is_full(make_client, key, small_county, tmp_path):
    client = make_client(job_worker=False, export_folder=tmp_path / "no" / "folder")
    (tmp_path / "no").write_text("a file where the folder should be")
    state = client.app.state
    import_folder(state.engine, small_county, AS_OF)
    headers = key()
    job = client.post("/v1/batches", json={}, headers=headers).json()["job"]
    worker = Worker(state.engine, state.settings, lambda: state.holder.current)
    worker.step()
    worker._reader.close()
    answer = client.get(f"/v1/jobs/{job}/results", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:riskml:problem:storage-full")
    assert str(tmp_path) not in answer.text


def test_a_code_is_no_formula_for_a_spreadsheet(tmp_path):
    table = large(2).set_column(0, "household_id", pa.array(["=1+1", "H1"]))
    path = exporting.export(tmp_path, "job", "csv", iter([table]))
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].startswith('"\'=1+1"')
    assert lines[2].startswith('"H1"')
