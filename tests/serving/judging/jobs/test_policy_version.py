"""If a figure in the policy changes, the version changes wherever it appears: responses, stored scores, jobs."""

from __future__ import annotations

import io
from importlib.resources import files

import pyarrow.parquet as pq
import yaml
from sqlalchemy import text

from riskml.policy import load_policy
from riskml_serving.base.database import reading
from riskml_serving.judging.jobs.worker import Worker

HOUSEHOLD = {"household_id": "h1", "region_code": "370112001001", "size": 3}


def write_policy(folder):
    """Write a copy of the packaged policy in which a school cost is 100 instead of 10,000 yuan."""
    content = yaml.safe_load(files("riskml.policy").joinpath("policy.yaml").read_text("utf-8"))
    content["triggers"]["school_cost"]["values"][0]["all"] = 100
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def read_stored(client, table):
    with reading(client.app.state.engine) as connection:
        return set(connection.execute(text(f"SELECT policy_version FROM {table}")).scalars())


def test_a_changed_figure_changes_the_version_in_responses_stored_scores_and_jobs(make_client, client, key, tmp_path):
    headers, path = key(), write_policy(tmp_path)
    packaged, changed = load_policy().version, load_policy(path).version
    assert packaged != changed
    tables, written = {"households": [HOUSEHOLD], "income": []}, {"tables": {"households": [HOUSEHOLD]}}
    for policy, version in ((None, packaged), (path, changed)):
        service = make_client(policy=policy, job_worker=False)
        scored = service.post("/v1/scores", json={"tables": tables}, headers=headers).json()
        assert scored["policy_version"] == version
        assert service.post("/v1/records", json=written, headers=headers).json()["policy_version"] == version
        assert service.get("/v1/households/h1", headers=headers).json()["score"]["policy_version"] == version
        assert read_stored(service, "current_scores") == {version}
        job = service.post("/v1/batches", json={}, headers=headers).json()["job"]
        state = service.app.state
        Worker(state.engine, state.settings, lambda state=state: state.holder.current).work_off()
        done = service.get(f"/v1/jobs/{job}", headers=headers).json()
        assert (done["state"], done["policy_version"]) == ("done", version)
        results = service.get(f"/v1/jobs/{job}/results", headers=headers)
        assert results.headers["x-policy-version"] == version
        assert set(pq.read_table(io.BytesIO(results.content))["policy_version"].to_pylist()) == {version}
    assert read_stored(client, "scores") == {packaged, changed}, "the history contains both versions"
