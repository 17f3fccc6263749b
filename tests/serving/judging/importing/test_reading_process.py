"""The process that reads many households: what it returns, and how little it imports."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from contextlib import closing

from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.bulk.repository import Range
from riskml_serving.judging.importing.service import import_folder

DAY = dt.date(2023, 5, 4)


def test_regional_disasters_are_read_for_every_region_where_the_households_have_lived(engine, deliver):
    home = {"household_id": "h1", "size": 3}
    homes = [
        {**home, "region_code": "370112001001", "recorded_on": dt.date(2022, 1, 1)},
        {**home, "region_code": "370113", "recorded_on": dt.date(2023, 1, 1)},
        {**home, "household_id": "h2", "region_code": "130529101001"},
    ]
    struck = ("37", "3701", "370112", "370112001", "370112001001", "370113", "370112001002", "370113001", "13", "42")
    disasters = [{"region_code": region, "kind": "flood", "occurred_on": DAY} for region in struck]
    own = {"household_id": "h1", "kind": "hail", "occurred_on": DAY}
    wage = {"period_start": DAY.replace(day=1), "months": 1, "source": "wage", "amount": 900.0}
    incomes = [{"household_id": code, **wage} for code in ("h1", "h2")]
    folder = deliver(households=homes, disaster=[*disasters, own], income=incomes)
    import_folder(engine, folder, dt.date(2023, 6, 30), simulated=True)
    with closing(Reader(engine.url.render_as_string(hide_password=False))) as reader:
        reader.ask(Range("37", ("",), (), "h1", "h9"))
        tables = reader.take()
    assert tables["register"]["household_id"].to_pylist() == ["h1"]
    assert sorted(filter(None, tables["disaster"]["region_code"].to_pylist())) == sorted(struck[:6])
    assert tables["disaster"]["household_id"].to_pylist().count("h1") == 1


def test_the_process_imports_nothing_that_it_does_not_need():
    """It is started anew for every import and by every worker, and importing what judges takes seconds."""
    code = "import sys, riskml_serving.judging.bulk.process; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"alembic", "fastapi", "numba", "pandas", "sqlalchemy"} & set(done.stdout.split())
