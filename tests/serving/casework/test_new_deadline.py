"""A new deadline needs only one declaration: if a separate process declares a deadline, it appears everywhere."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[3] / "models"
TODAY, SINCE, DUE = "2023-12-31", "2023-12-20", "2023-12-23"
PASSWORD = "a sentence of words"


def read_page(client, path):
    """Read a page without the marks that keep a day on one line."""
    return re.sub(r'<span class="day">([^<]*)</span>', r"\1", client.get(path).text)


def declare() -> None:
    """Declare the deadline before any module that reads the declaration is imported."""
    from riskml.vocabulary.terms import Term, Vocabulary
    from riskml_serving.casework import deadlines
    from riskml_serving.casework.states import SIGNALLED, VISITED

    call = deadlines.DeadlineKind(
        "call",
        "电话联系期限",
        "call by",
        late=Term("late_call", "电话联系逾期", "call overdue"),
        note=("信号出现后 {days} 天内电话联系。", "Call within {days} days of the signal."),
        applies=SIGNALLED,
        still_due=~VISITED,
        start="since",
        days=lambda policy, settings: 3,
        working=False,
    )
    deadlines.DEADLINES = Vocabulary(*deadlines.DEADLINES.values(), call)


def list_tables() -> dict[str, list[dict[str, object]]]:
    """Return the tables for a household below the line."""
    household = {"household_id": "H1"}
    months = [f"2023-{month:02d}-01" for month in range(1, 13)]
    return {
        "households": [{**household, "region_code": "130529101203", "size": 2}],
        "income": [{**household, "period_start": month, "source": "wage", "amount": 500} for month in months],
        "lines": [{"region_code": "13", "effective_from": "2023-01-01", "amount": 8300}],
    }


def use(folder: Path) -> dict[str, object]:
    """Return what each page or file that shows deadlines says about the new deadline."""
    from fastapi.testclient import TestClient
    from openpyxl import load_workbook

    from riskml_serving.base.database import open_engine, upgrade, writing
    from riskml_serving.base.settings import Settings
    from riskml_serving.people.accounts.service import create_user
    from riskml_serving.people.auth import RIGHTS
    from riskml_serving.people.auth.service import create_key
    from riskml_serving.running.app import create_app

    engine = open_engine(url := f"sqlite:///{folder / 'service.db'}")
    upgrade(engine)
    with writing(engine) as connection:
        headers = {"Authorization": f"Bearer {create_key(connection, 'test', '', sorted(RIGHTS))}"}
        create_user(connection, "county", PASSWORD, "county", "130529")
    settings = Settings(
        database_url=url,
        bundle=next(MODELS.glob("*/manifest.json")).parent,
        today=dt.date.fromisoformat(TODAY),
        model_store=folder / "models",
        export_folder=folder / "exports",
        job_worker=False,
    )
    with TestClient(create_app(settings)) as client:
        client.post("/v1/records", json={"tables": list_tables()}, headers=headers).raise_for_status()
        with engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE scores SET as_of = '{SINCE}'")
        form = client.get("/sign-in").text
        fields = {"username": "county", "password": PASSWORD, "back": "/worklist"}
        fields["csrf"] = re.search(r'name="csrf" value="([^"]+)"', form).group(1)
        client.post("/sign-in", data=fields)
        late = read_page(client, "/worklist?state=late_call")
        book = load_workbook(io.BytesIO(client.get("/worklist.xlsx?state=late_call").content)).active
        page = read_page(client, "/households/H1")
    header, cells = (list(row) for row in book.iter_rows(min_row=2, max_row=3, values_only=True))
    row = dict(zip(header, cells, strict=True))
    return {
        "filter": re.findall(r'<option value="late_call" selected>([^<]+)<', late),
        "counts": re.findall(r'state=late_call">([^<]+?) 户<', late),
        "note": "信号出现后 3 天内电话联系。" in late,
        "list": re.findall(r"！已逾期</strong> <span class=\"small\">(电话联系期限 [\d-]+)", late),
        "sheet": [
            str(row["电话联系期限"])[:10],
            "电话联系逾期" in row["逾期"].split("、"),
            str(row["走访期限"])[:10] > SINCE,
        ],
        "page": re.findall(r"<dt>电话联系期限</dt><dd>([\d-]+) <strong class=\"late\">！已逾期", page),
    }


@pytest.mark.integration
def test_a_declared_deadline_appears_in_the_filter_list_workbook_and_page(tmp_path):
    done = subprocess.run([sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "filter": ["电话联系逾期"],
        "counts": ["电话联系逾期 1"],
        "note": True,
        "list": [f"电话联系期限 {DUE}"],
        "sheet": [DUE, True, True],
        "page": [DUE],
    }


if __name__ == "__main__":
    declare()
    sys.stdout.write(json.dumps(use(Path(sys.argv[1])), ensure_ascii=False))
