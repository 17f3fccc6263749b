"""A new column in the data contract needs one declaration; then the service stores it, and every panel has it."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from riskml.records.contract.schema import TABLES, Column, Kind

MODELS = Path(__file__).parents[4] / "models"
TODAY, DAY = "2023-12-31", "2023-11-03"
CELL = 12.5

HOUSEHOLD = {"household_id": "H1"}
ROWS: dict[str, dict[str, object]] = {
    "households": {**HOUSEHOLD, "region_code": "130529101203", "size": 2},
    "members": {**HOUSEHOLD, "member_id": "M1"},
    "income": {**HOUSEHOLD, "period_start": "2023-01-01", "months": 12, "source": "wage", "amount": 18000},
    "illness": {**HOUSEHOLD, "occurred_on": DAY, "kind": "inpatient"},
    "disaster": {**HOUSEHOLD, "occurred_on": DAY, "kind": "flood"},
    "events": {**HOUSEHOLD, "occurred_on": DAY, "kind": "job_loss"},
    "help": {**HOUSEHOLD, "started_on": DAY, "measure": "grant"},
    "monitoring": {**HOUSEHOLD, "entered_on": DAY, "category": "borderline"},
    "lines": {"region_code": "13", "effective_from": "2023-01-01", "amount": 8300},
}


def declare() -> None:
    """Declare the column in every table before any module that depends on the declaration is imported.

    Python calls this at the start of every process in the test, because the service reads counties in another process.
    """
    for name, table in TABLES.items():
        new = Column("new_amount", Kind.AMOUNT, "新列", "a new column")
        TABLES[name] = replace(table, columns=(*table.columns[:2], new, *table.columns[2:]))


def read_new_column(panel: Any) -> dict[str, list[float]]:
    """Read the values of the new column in a panel, by table."""
    tables: dict[str, Any] = {
        name: getattr(panel, "income_rows" if name == "income" else name) for name in TABLES if name != "households"
    }
    tables["households"] = {"new_amount": panel.get_latest("new_amount")}
    tables["lines"] = {"new_amount": [line.more["new_amount"] for line in panel.lines]}
    return {name: list(map(float, rows["new_amount"])) for name, rows in tables.items()}


def use(folder: Path) -> dict[str, object]:
    """Send a row of every table in each possible way; return what is stored and what the panels for scoring hold."""
    from fastapi.testclient import TestClient
    from sqlalchemy import select

    from riskml_serving.base.database import open_engine, upgrade, writing
    from riskml_serving.base.settings import Settings
    from riskml_serving.judging import judge as judging
    from riskml_serving.judging.jobs.worker import Worker
    from riskml_serving.people.auth import RIGHTS
    from riskml_serving.people.auth.service import create_key
    from riskml_serving.running.app import create_app
    from riskml_serving.store.records.tables import RECORDS

    url = f"sqlite:///{folder / 'service.db'}"
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        headers = {"Authorization": f"Bearer {create_key(connection, 'test', '', sorted(RIGHTS))}"}

    panels: list[dict[str, list[float]]] = []
    judge = judging.judge

    def record_panel(bundle: Any, panel: Any, *rest: Any) -> Any:
        panels.append(read_new_column(panel))
        return judge(bundle, panel, *rest)

    judging.judge = record_panel
    settings = Settings(
        database_url=url,
        bundle=next(MODELS.glob("*/manifest.json")).parent,
        today=dt.date.fromisoformat(TODAY),
        model_store=folder / "models",
        export_folder=folder / "exports",
        job_worker=False,
    )
    out: dict[str, object] = {}
    tables = {name: [{**row, "new_amount": CELL}] for name, row in ROWS.items()}
    with TestClient(create_app(settings)) as client:

        def post(path: str, body: dict[str, object]) -> None:
            panels.clear()
            answer = client.post(path, json=body, headers=headers)
            assert answer.is_success, answer.text
            Worker(engine, settings, lambda: client.app.state.holder.current).work_off()
            out[path] = panels[-1]

        post("/v1/scores", {"tables": tables, "as_of": TODAY})
        post("/v1/records", {"tables": tables})
        post("/v1/batches", {})
    with engine.connect() as connection:
        out["stored"] = {
            name: list(connection.execute(select(table.c.new_amount)).scalars()) for name, table in RECORDS.items()
        }
    return out


@pytest.mark.integration
def test_a_declared_column_is_stored_and_reaches_every_panel(tmp_path):
    start = f"import runpy\nrunpy.run_path({__file__!r})['declare']()\n"
    (tmp_path / "sitecustomize.py").write_text(start, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    everywhere = {name: [CELL] for name in TABLES}
    steps = ("/v1/scores", "/v1/records", "/v1/batches", "stored")
    assert json.loads(done.stdout.splitlines()[-1]) == dict.fromkeys(steps, everywhere)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(use(Path(sys.argv[1])), ensure_ascii=False))
