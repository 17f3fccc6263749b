"""Cases from published reports as staff see them: entire pages and exports, compared with text that a person checked.

The households are those in the golden tests for explanations, and the model is the released one. If a wording or the
released model changes, run `make docs`, read what changed as a village cadre would, and commit it.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
import io
import re
import sys
from html import unescape
from pathlib import Path

import pytest
from openpyxl import load_workbook

from riskml_serving.base.database import open_engine, upgrade, writing
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.model import load_model
from riskml_serving.people.accounts.service import create_user

GOLDEN = Path(__file__).parent / "golden"
EXPLANATION = Path(__file__).parents[2] / "explanation"
AS_OF = dt.date(2023, 12, 31)
VILLAGE = "130529101203"
PASSWORD = "a sentence of words"
FLAGGED = ("julu", "leye_child", "leye_shop", "fengjie", "weixian")
CASES = (*FLAGGED, "childbirth")
NEIGHBOURS = [f"a{i:02d}" for i in range(54)]
"""Copies of the household ``childbirth``, enough of them that all cases fit into the visit capacity."""
NOTICE = "仅供研判参考，不作为认定依据"


def load_module(path):
    """Load a test module from another folder, which cannot be imported because test folders are not packages."""
    spec = importlib.util.spec_from_file_location(f"cases_{path.stem}", path)
    loaded = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def released():
    return load_model(next((Path(__file__).parents[3] / "models").glob("*/manifest.json")).parent, trial=True)


@pytest.fixture(scope="module")
def database(released, tmp_path_factory):
    """Import and score all cases as households in one village."""
    folder = tmp_path_factory.mktemp("cases")
    hands, cases = (
        load_module(EXPLANATION / "conftest.py"),
        load_module(EXPLANATION / "household" / "test_golden_sentences.py"),
    )
    (folder / "records").mkdir()
    rows = {table: [] for table in hands.TABLES}
    for name in (*CASES, *NEIGHBOURS):
        for table, own in getattr(cases, name if name in CASES else "childbirth")(hands.Village()).rows.items():
            rows[table] += [{**row, "household_id": name} for row in own]
    for table, columns in hands.TABLES.items():
        with (folder / "records" / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows[table])
    url = f"sqlite:///{folder / 'service.db'}"
    engine = open_engine(url)
    upgrade(engine)
    import_folder(engine, folder / "records", AS_OF, released, simulated=False)
    with writing(engine) as connection:
        create_user(connection, "knows", PASSWORD, "village", VILLAGE, health_details=True)
        create_user(connection, "blind", PASSWORD, "village", VILLAGE)
    engine.dispose()
    return url


@pytest.fixture
def site(make_site, database, released, monkeypatch):
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: released)
    return make_site(database_url=database, today=AS_OF, simulated=False)


def read_lines(page):
    """Return a page's lines as a reader sees them, without the picture and the hashes of the release and the policy."""
    text = re.sub(r"<svg.*?</svg>|<head>.*?</head>", "", page, flags=re.DOTALL)
    text = re.sub(r"riskml-[0-9a-f]{12}", "riskml", text)
    text = re.sub(r"\+[0-9a-f]{12}", "", text)
    text = re.sub(r"\s*\n\s*", " ", text)
    text = re.sub(r"</(?:p|li|h\d|dt|dd|tr|label|legend|div|nav|span class=\"who\")>|<br>|<button[^>]*>", "\n", text)
    lines = (re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", line))).strip() for line in text.splitlines())
    return [line for line in lines if line]


def read_rows(answer):
    book = load_workbook(io.BytesIO(answer.content))
    rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
    return [" | ".join(str(value) for value in row if value is not None) for row in rows]


@pytest.mark.parametrize("case", CASES)
def test_each_case_matches_the_text_that_a_person_approved(site, case, golden):
    out = []
    for user in ("knows", "blind"):
        site.client.cookies.clear()
        site.sign_in(user)
        page, export = site.get(f"/households/{case}"), site.get(f"/households/{case}/export.xlsx")
        assert (page.status_code, export.status_code) == (200, 200)
        for lines in (read_lines(page.text), read_rows(export)):
            assert any(NOTICE in line for line in lines)
            assert not any("导致" in line for line in lines)
        assert re.search(r"与(返贫|致贫)风险升高相关", page.text)
        health = {"knows": "可看健康信息", "blind": "不可看健康信息"}[user]
        out += [f"===== 页面（{health}）", *read_lines(page.text), f"===== Excel（{health}）", *read_rows(export)]
    golden(GOLDEN / f"{case}.txt", "\n".join(out) + "\n")


def test_households_in_need_are_listed_and_one_whose_two_workers_can_pay_the_bill_is_never_above_yellow(site):
    site.sign_in("knows")
    listed = set(re.findall(r'href="/households/([^"?]+)"', site.get("/worklist").text))
    assert set(FLAGGED) <= listed
    (status,) = site.rows("SELECT signal, status FROM current_scores WHERE household_id = 'childbirth'")
    assert status in ((0, "at_risk"), (1, "at_risk"))
