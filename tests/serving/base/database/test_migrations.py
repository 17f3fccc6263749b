"""The database migrations create exactly the tables that the code declares."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Date, DateTime, LargeBinary, MetaData, String, func, insert, select, text

import riskml_serving.judging.importing.tables
import riskml_serving.running.app  # noqa: F401
from riskml.errors import UsageError
from riskml_serving.base.database import METADATA, open_engine, upgrade, writing
from riskml_serving.base.database.migrate import (
    MIGRATIONS,
    find_latest_revision,
    make_config,
    read_revision,
    require_current,
)


def test_the_migrations_create_the_declared_tables(empty_database_url):
    engine = open_engine(empty_database_url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(empty_database_url):
    engine = open_engine(empty_database_url)
    assert read_revision(engine) is None
    upgrade(engine)
    assert read_revision(engine) == find_latest_revision()
    upgrade(engine)
    assert read_revision(engine) == find_latest_revision()
    engine.dispose()


def test_several_first_starts_at_once_create_the_tables_only_once(empty_database_url):
    """Each start may see an empty database; only one creates the tables, and the others wait until it has done so."""
    engines = [open_engine(empty_database_url) for _ in range(4)]
    ready = threading.Barrier(len(engines))

    def start(engine):
        ready.wait()
        upgrade(engine)

    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(start, engines))
    assert [read_revision(engine) for engine in engines] == [find_latest_revision()] * len(engines)
    for engine in engines:
        engine.dispose()


def test_a_first_start_waits_for_another_one_that_writes_to_the_new_file(tmp_path):
    """Another start has made the file and writes, before the file has its write-ahead log."""
    other = sqlite3.connect(tmp_path / "service.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.3, other.rollback)
    end.start()
    engine = open_engine(f"sqlite:///{tmp_path / 'service.db'}")
    upgrade(engine)
    end.join()
    other.close()
    assert read_revision(engine) == find_latest_revision()
    engine.dispose()


def test_the_migrations_form_a_single_line():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    line = ScriptDirectory.from_config(config)
    assert line.get_heads() == [find_latest_revision()]
    assert len(line.get_bases()) == 1
    assert len(list(line.walk_revisions())) == len(list((MIGRATIONS / "versions").glob("0*.py")))


def make_example(column):
    """Return an example value that fits a column."""
    kinds = {DateTime: dt.datetime(2023, 5, 1), Date: dt.date(2023, 5, 1), LargeBinary: b"x", String: "1"}
    return next((example for kind, example in kinds.items() if isinstance(column.type, kind)), 1)


def test_rows_from_every_version_survive_all_later_migrations(empty_database_url):
    """Insert a row into each table as soon as a migration creates it; after all migrations, every row is complete."""
    engine = open_engine(empty_database_url)
    line = [one.revision for one in ScriptDirectory.from_config(make_config()).walk_revisions()][::-1]
    filled = {"alembic_version"}
    for revision in line:
        settings = make_config()
        with writing(engine) as connection:
            settings.attributes["connection"] = connection
            command.upgrade(settings, revision)
        tables = MetaData()
        tables.reflect(engine)
        for table in tables.sorted_tables:
            if table.name not in filled:
                filled.add(table.name)
                with writing(engine) as connection:
                    if not connection.execute(select(func.count()).select_from(table)).scalar_one():
                        row = {column.name: make_example(column) for column in table.columns}
                        connection.execute(insert(table), row)
    assert read_revision(engine) == find_latest_revision()
    assert filled - {"alembic_version"} == set(METADATA.tables)
    with engine.connect() as connection:
        for table in METADATA.tables.values():
            (row,) = connection.execute(select(table)).mappings().all()
            missing = {column.name for column in table.columns if row[column.name] is None and not column.nullable}
            assert not missing, table.name
    engine.dispose()


@pytest.mark.parametrize("bring", [upgrade, require_current])
def test_tables_from_a_later_version_are_rejected_with_a_clear_message_and_left_alone(empty_database_url, bring):
    engine = open_engine(empty_database_url)
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="revision 9999, which this version does not know") as refusal:
        bring(engine)
    assert "backup" in refusal.value.hint
    assert read_revision(engine) == "9999"
    engine.dispose()
