"""``riskml demo`` ends by printing an address and accounts that give access to the pages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from riskml.cli.demo import demo
from riskml_serving.people.accounts import ROLES
from riskml_serving.running.app import create_app


@pytest.mark.slow
def test_the_demo_prints_the_address_of_the_pages_and_working_accounts(
    county, bundle_path, tmp_path, monkeypatch, capsys
):
    served = []

    def copy_trained(out, *_):
        """Use the county and the model that all tests share, which saves a minute of simulating and training."""
        shutil.copytree(bundle_path, out / "bundle")
        return county

    monkeypatch.setattr("riskml.cli.demo._test_on_real_panel", lambda: None)
    monkeypatch.setattr("riskml.cli.demo._train_on_county", copy_trained)
    monkeypatch.setattr("riskml_serving.running.server.run", served.append)
    monkeypatch.setattr("riskml_serving.commands.demo.serve.prepare_demo.__defaults__", (60, 2))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    demo(out=Path("demo"))
    output = capsys.readouterr().out
    (settings,) = served
    monkeypatch.chdir("/")
    assert settings.database_url == f"sqlite:///{tmp_path / 'demo' / 'service.db'}", "any working folder will do"
    assert f"Staff pages: http://{settings.host}:{settings.port}/" in output
    assert "Demo accounts, created by this demo only:" in output
    accounts = re.findall(
        r"^  (\S+) +password (\S+)   region (\d+), (no|with) health details, (no|with invented) names$", output, re.M
    )
    assert len(accounts) == len(ROLES)
    with TestClient(create_app(settings)) as client:
        for username, password, region, _, names in accounts:
            client.cookies.clear()
            token = re.search(r'name="csrf" value="([^"]+)"', client.get("/sign-in").text)[1]
            client.post("/sign-in", data={"csrf": token, "username": username, "password": password})
            page = client.get("/worklist?state=all").text
            assert "/households/" in page
            assert "模拟数据" in page
            assert ("虚构" in page and "tel:" in page) == (names == "with invented"), username
            assert client.get(f"/overview?region={region}").status_code == 200
