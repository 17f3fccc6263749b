"""After kill -9 during an import, either nothing of it is visible or all of it, and another run finishes it."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from riskml.records.contract.schema import TABLES
from riskml_serving.base.database import open_engine, reading

IMPORTING = "riskml_serving.judging.importing"
VISIBLE = ("households", "purpose", "audit", "jobs", *(f"record_{name}" for name in TABLES))


def count_rows(engine, *tables):
    with reading(engine) as connection:
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}


@pytest.mark.parametrize(
    ("where", "calls", "published"),
    [
        (f"{IMPORTING}.repository.add_part", 1, False),  # staged, but not yet committed
        (f"{IMPORTING}.repository.append", 4, False),
        (f"{IMPORTING}.repository.finish_import", 1, False),  # the last step before the commit
        ("riskml_serving.judging.jobs.run.keep_range", 2, True),  # while the job scores the households
    ],
)
def test_a_killed_import_shows_nothing_or_everything(database_url, small_county, serve, where, calls, published):
    engine = open_engine(database_url)
    arguments = {"command": "import", "today": "2023-06-30", "job_chunk": 40}
    serve(str(small_county), dies=(where, calls), **arguments).process.join(120)
    rows = {f"record_{name}": pq.read_metadata(small_county / f"{name}.parquet").num_rows for name in TABLES}
    complete = {"households": 160, "purpose": 1, "audit": 1, "jobs": 1, **rows}
    assert count_rows(engine, *VISIBLE) == (complete if published else dict.fromkeys(VISIBLE, 0))
    again = serve(str(small_county), **arguments).process
    again.join(120)
    assert again.exitcode == 0
    expected = {**complete, "current_scores": 160, "import_parts": 0}
    assert count_rows(engine, *expected) == expected
    engine.dispose()
