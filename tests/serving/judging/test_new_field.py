"""A new field of a score needs only one declaration: if a separate process declares a field, it appears everywhere."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

MODELS = Path(__file__).parents[3] / "models"
TODAY, UNTIL = "2023-12-31", "2023-09-30"
PASSWORD = "a sentence of words"


def declare() -> None:
    """Declare the field before any module that reads the declaration is imported."""
    from riskml import verdict
    from riskml.records.contract.calendar import to_day

    checked_until = verdict.Field(
        "checked_until",
        verdict.Kind.DAY,
        lambda opinion: np.full(len(opinion.status), to_day(UNTIL), np.int32),
        nullable=True,
        description="Day up to which somebody checked.",
        label=("核对截至", "checked up to"),
    )
    *others, model_version, policy_version = verdict.FIELDS
    verdict.FIELDS = (*others, checked_until, model_version, policy_version)


def list_tables() -> dict[str, list[dict[str, object]]]:
    household = {"household_id": "H1"}
    months = [f"2023-{month:02d}-01" for month in range(1, 13)]
    return {
        "households": [{**household, "region_code": "130529101203", "size": 2}],
        "income": [{**household, "period_start": month, "source": "wage", "amount": 1500} for month in months],
        "lines": [{"region_code": "13", "effective_from": "2023-01-01", "amount": 8300}],
    }


def use(folder: Path) -> dict[str, object]:
    """Return what each response, page or file that lists the fields of a score says about the new field."""
    import pyarrow.csv as csv
    from fastapi.testclient import TestClient
    from openpyxl import load_workbook

    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.records.contract.calendar import to_day
    from riskml.records.panel.store import Records
    from riskml.scoring import score
    from riskml_serving.base.database import open_engine, upgrade, writing
    from riskml_serving.base.settings import Settings
    from riskml_serving.judging.bulk.judging import PART
    from riskml_serving.judging.jobs.worker import Worker
    from riskml_serving.people.accounts.service import create_user
    from riskml_serving.people.auth import RIGHTS
    from riskml_serving.people.auth.service import create_key
    from riskml_serving.running.app import create_app

    bundle = next(MODELS.glob("*/manifest.json")).parent
    url = f"sqlite:///{folder / 'service.db'}"
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        headers = {"Authorization": f"Bearer {create_key(connection, 'test', '', sorted(RIGHTS))}"}
        create_user(connection, "county", PASSWORD, "county", "130529")

    tables = list_tables()
    columns = {name: {key: [row[key] for row in rows] for key in rows[0]} for name, rows in tables.items()}
    frame = score(Bundle.load(bundle), Records.from_tables(columns), to_day(TODAY), load_policy())
    settings = Settings(
        database_url=url,
        bundle=bundle,
        today=dt.date.fromisoformat(TODAY),
        model_store=folder / "models",
        export_folder=folder / "exports",
        job_worker=False,
    )
    with TestClient(create_app(settings)) as client:
        scored = client.post("/v1/scores", json={"tables": tables, "as_of": TODAY}, headers=headers).json()
        kept = client.post("/v1/records", json={"tables": tables}, headers=headers).json()
        job = client.post("/v1/batches", json={}, headers=headers).json()["job"]
        Worker(engine, settings, lambda: client.app.state.holder.current).work_off()
        files = {
            form: client.get(f"/v1/jobs/{job}/results", params={"format": form}, headers=headers).content
            for form in ("parquet", "csv")
        }
        stored = client.get("/v1/households/H1", headers=headers).json()
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        form = client.get("/sign-in").text
        fields = {"username": "county", "password": PASSWORD, "back": "/worklist"}
        fields["csrf"] = re.search(r'name="csrf" value="([^"]+)"', form).group(1)
        client.post("/sign-in", data=fields)
        page = client.get("/households/H1").text
        book = load_workbook(io.BytesIO(client.get("/households/H1/export.xlsx").content))
    (folder / "results.parquet").write_bytes(files["parquet"])
    return {
        "table of riskml": str(frame["checked_until"][0]),
        "Arrow": str(PART.field("checked_until").type),
        "POST /v1/scores": scored["scores"][0]["checked_until"],
        "POST /v1/records": kept["scores"][0]["after"]["checked_until"],
        "household": stored["score"]["checked_until"],
        "history": stored["history"][0]["checked_until"],
        "CSV": [str(day) for day in csv.read_csv(io.BytesIO(files["csv"]))["checked_until"].to_pylist()],
        "schemas": sorted(name for name, schema in schemas.items() if "checked_until" in schema.get("properties", {})),
        "page": f'核对截至 <span class="day">{UNTIL}</span>' in page,
        "workbook": ("核对截至", UNTIL) in book.worksheets[0].iter_rows(values_only=True),
    }


@pytest.mark.integration
def test_a_declared_field_appears_everywhere(tmp_path):
    done = subprocess.run([sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "table of riskml": UNTIL,
        "Arrow": "date32[day]",
        "POST /v1/scores": UNTIL,
        "POST /v1/records": UNTIL,
        "household": UNTIL,
        "history": UNTIL,
        "CSV": [UNTIL],
        "schemas": ["Brief", "ChangeRow", "Listed", "PastScore", "Scored", "StoredScore"],
        "page": True,
        "workbook": True,
    }
    # The process above does not read this file: a process that exits right after pq.read_table sometimes aborts.
    assert pq.read_table(tmp_path / "results.parquet")["checked_until"].to_pylist() == [UNTIL]


if __name__ == "__main__":
    declare()
    sys.stdout.write(json.dumps(use(Path(sys.argv[1])), ensure_ascii=False))
    sys.stdout.flush()
    os._exit(0)  # threads of Arrow sometimes abort a process that ends in the usual way
