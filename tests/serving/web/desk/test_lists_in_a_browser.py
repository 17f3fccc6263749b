"""The way of README's "your county in ten minutes": the project's own workbooks, in a real browser without scripts."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import pytest
from tests.conftest import WRITE_GOLDEN
from tests.serving.conftest import PASSWORD
from tests.serving.web.conftest import Reader, serve
from typer.testing import CliRunner

from riskml.cli.main import build_app
from riskml_serving.base.database import open_database, writing
from riskml_serving.base.settings import Settings
from riskml_serving.devtools.gallery import cut_page, shrink
from riskml_serving.people.accounts.service import create_user
from riskml_serving.register.keys import add_key

COUNTY = "990101"
GALLERY = Path(__file__).parents[4] / "docs" / "gallery"
"""Where the pictures of the way are kept; the page there says how they are taken."""
FIRST_SCREEN = 740
"""Height of a phone's screen in pixels."""
SMALL = ("--households", "160", "--months", "60", "--seed", "3", "--income", "register", "--truth", "none")


@pytest.mark.slow
def test_a_county_goes_from_its_lists_to_new_warnings_and_on_to_the_second_month(
    browser, tmp_path, bundle_path, model, monkeypatch
):
    lists, url = tmp_path / "lists", f"sqlite:///{tmp_path / 'service.db'}"
    made = CliRunner().invoke(build_app(), ["simulate", str(tmp_path / "county"), *SMALL, "--lists", str(lists)])
    assert made.exit_code == 0, made.output
    add_key(tmp_path / "identity.key")
    with open_database(url) as engine, writing(engine) as connection:
        create_user(connection, "officer", PASSWORD, "county", COUNTY, identity=True, health_details=True)
    own = {"database_url": url, "bundle": bundle_path, "model_store": tmp_path / "models", "job_poll_seconds": 0.1}
    today = dt.date(2024, 12, 31)
    settings = Settings(**own, simulated=True, today=today, identity_key=tmp_path / "identity.key")
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    days = [lists / "received.csv", lists / "lines.csv"]
    with serve(settings) as served:
        reader = Reader(browser, served.address, 360, script=False)
        reader.sign_in("officer")
        page = reader.page
        page.set_default_timeout(120_000)

        second = Reader(browser, served.address, 1280, script=True)
        second.sign_in("officer")

        checked = set()

        def check(step):
            """Check the step that the first window shows; the first time, run axe-core in both languages."""
            assert reader.measure_overflow() == 0
            assert reader.list_torn_cells() == []
            for lang in ("zh", "en") if step not in checked else ():
                checked.add(step)
                second.page.goto(f"{served.address}/language/{lang}?back=/worklist")
                second.page.goto(page.url)
                assert second.find_faults() == "", (lang, page.url)

        def upload(form, files, *, earlier=False):
            if earlier:
                page.check(f"{form} [name=earlier]")
            page.set_input_files(f"{form} [name=files]", files)
            page.click(f"{form} button")
            page.wait_for_selector("text=请核对每张表")
            check("columns")

        def shoot(name):
            if os.environ.get(WRITE_GOLDEN) == "write":
                page.screenshot(path=GALLERY / f"phone-{name}.png", **cut_page(page, 1_400))
                shrink(GALLERY / f"phone-{name}.png")

        def finish(month):
            page.click("text=列都对，下一步")
            check("persons")
            page.click("text=下一步：预览")
            page.wait_for_selector("text=现在还没有写入")
            check("preview")
            assert page.locator("text=确认导入").bounding_box()["y"] < FIRST_SCREEN, "not below a hundred households"
            shoot(f"{month}-preview")
            page.click("text=确认导入")
            page.wait_for_selector("text=打开待核实名单")
            check("done")
            assert page.locator("text=打开待核实名单").bounding_box()["y"] < FIRST_SCREEN
            for name in page.locator("table.list a").all()[:1]:
                assert name.bounding_box()["height"] < 60, "a name stands on one line"
            assert not page.locator("table.list td:nth-child(3):empty").count(), "every new warning says why"
            shoot(f"{month}-imported")
            return page.inner_text("main")

        page.goto(f"{served.address}/lists")
        upload("form[action='/lists']", sorted((lists / "history").iterdir()), earlier=True)
        page.click("text=补充文件、重新读取或删除")
        register = next((lists / "lists").glob("*农户基础信息*"))
        upload("form[action='/lists']", [register, *days])
        assert "本月新增预警" in finish("first-month")
        with (lists / "register" / "persons.csv").open(encoding="utf-8-sig", newline="") as file:
            names = {row["name"] for row in csv.DictReader(file)}
        page.goto(f"{served.address}/worklist?state=all")
        shown = page.inner_text("main")
        assert any(name in shown for name in names)
        assert "石桥镇" in shown, "the lists name the villages"
        assert "乡镇 100" not in shown
        for month, name in (("correction", "*含更正*"), ("split", "农户信息导出*")):
            page.goto(f"{served.address}/lists")
            upload("form[action='/lists']", [*(lists / "lists").glob(name), *days[:1]])
            assert "本月新增预警" in finish(month)
            warned = page.locator("table.list a").count()
            assert bool(warned) == (month == "correction"), "only bills raise a signal"
        assert reader.outside == []
