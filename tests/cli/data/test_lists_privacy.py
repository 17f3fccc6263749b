"""No name, number or telephone of a register reaches records, audit, bundle, MLflow, logs or messages."""

from __future__ import annotations

import json
import logging

import pandas as pd
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.integration
OPTIONS = ("--income-age", 18, "--horizon", 6, "--step", 12)


def read_texts(folder):
    """Yield the name and the text of every file below a folder, Parquet files decompressed."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        if path.suffix == ".parquet":
            yield name, repr(pq.read_table(path).to_pydict())
        else:
            yield name, path.read_bytes().decode("utf-8", "replace")


def list_secrets(register):
    """List numbers, telephones and names of three or more characters, as they are written and as JSON escapes them."""
    persons = pd.read_csv(register, dtype=str, keep_default_na=False)
    numbers = {*persons["id_number"], *persons["phone"]} - {""}
    numbers |= {number[:6] + number[8:17] for number in numbers if len(number) == 18}
    names = {name for name in persons["name"] if len(name) >= 3}
    return sorted(numbers | names | {json.dumps(name)[1:-1] for name in names})


def test_no_person_of_the_register_can_be_found_in_the_results_from_the_lists(riskml, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.chdir(made)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{made / 'mlflow.db'}")
    lists = tmp_path / "lists"
    county = ("--households", 60, "--months", 60, "--seed", 3, "--income", "register", "--truth", "none")
    riskml("simulate", tmp_path / "county", *county, "--lists", lists, "--list-style", 2)
    inputs = ("--register", lists / "register", "--received", lists / "received.csv", "--lines", lists / "lines.csv")
    inputs = (lists / "lists", "--history", lists / "history", *inputs)
    runs = [
        riskml("lists", *inputs, "--out", "records", "--audit", "audit.parquet", "--columns", "columns.csv"),
        riskml("train", "records", "--out", "bundle", *OPTIONS),
    ]
    assert [run.code for run in runs] == [0, 0], runs[-1].err
    texts = dict(read_texts(made)) | {"log": caplog.text, "messages": "".join(run.out + run.err for run in runs)}
    assert {"records/income.parquet", "audit.parquet", "bundle/manifest.json", "mlflow.db"} <= texts.keys()
    secrets = list_secrets(lists / "register" / "persons.csv")
    assert len(secrets) > 300
    assert [(where, secret) for where, text in texts.items() for secret in secrets if secret in text] == []
