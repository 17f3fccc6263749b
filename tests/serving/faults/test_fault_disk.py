"""A full disk is told apart from a lost database: the problem says so, the log says so once, and readiness ends."""

from __future__ import annotations

import contextlib
import os
import subprocess

import pytest
from sqlalchemy.exc import OperationalError

from riskml_serving.base.database import open_database, open_engine, reading, upgrade, writing
from riskml_serving.base.database.migrate import probe_write
from riskml_serving.base.errors import is_disk_full, to_problem
from riskml_serving.people import audit
from riskml_serving.people.audit.repository import read_all
from riskml_serving.people.auth import NOBODY


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of 2 MB, which needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    with (folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def probe_often(engine):
    """Write until SQLite's log, which may have room left, must grow."""
    for _ in range(100):
        probe_write(engine)


def test_a_full_disk_ends_readiness_and_space_restores_it(small_disk, caplog):
    engine = open_engine(f"sqlite:///{small_disk / 'service.db'}")
    upgrade(engine)
    probe_write(engine)
    fill(small_disk)
    with pytest.raises(OperationalError) as full:
        probe_often(engine)
    assert is_disk_full(full.value)
    assert to_problem(full.value).status == 507
    assert caplog.text.count("no space left") == 1
    (small_disk / "filler").unlink()
    probe_write(engine)
    engine.dispose()


def test_a_full_disk_loses_nothing_that_was_written_before(small_disk):
    engine, written = open_engine(f"sqlite:///{small_disk / 'service.db'}"), []
    upgrade(engine)

    def write_on():
        while True:
            number = str(len(written))
            with writing(engine) as connection:
                audit.record(connection, NOBODY, "key.refused", request_id=number, note="x" * 1000)
            written.append(number)
            if len(written) == 20:
                fill(small_disk)

    with pytest.raises(OperationalError) as full:
        write_on()
    assert is_disk_full(full.value)
    assert len(written) >= 20
    engine.dispose()
    (small_disk / "filler").unlink()
    with open_database(f"sqlite:///{small_disk / 'service.db'}") as engine, reading(engine) as connection:
        assert [entry["request_id"] for entry in read_all(connection)] == written


def test_readiness_does_not_wait_for_another_writer(engine):
    with engine.connect().execution_options(riskml_writes=True) as other:
        other.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        probe_write(engine)
        other.rollback()
    probe_write(engine)
