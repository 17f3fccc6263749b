"""The migrations make the tables that the code declares."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import riskml_serving.app
import riskml_serving.importing.tables  # noqa: F401
from riskml_serving.database import METADATA, open_engine, upgrade
from riskml_serving.database.migrate import MIGRATIONS, current, head


def test_the_migrations_make_the_tables_that_are_declared(database_url):
    engine = open_engine(database_url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(database_url):
    engine = open_engine(database_url)
    assert current(engine) is None
    upgrade(engine)
    assert current(engine) == head()
    upgrade(engine)
    assert current(engine) == head()
    engine.dispose()


def test_the_migrations_are_one_line():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    line = ScriptDirectory.from_config(config)
    assert line.get_heads() == [head()]
    assert len(line.get_bases()) == 1
    assert len(list(line.walk_revisions())) == len(list((MIGRATIONS / "versions").glob("0*.py")))
