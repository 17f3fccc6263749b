"""A job's results file contains the scores that riskml computes from the county's folder as of the same date."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlalchemy import text

from riskml.explanation import NOTICE, Narrator
from riskml.explanation.household.county import ExplainedPanel, explain_all
from riskml.explanation.reasons.redaction import concerns_health
from riskml.features import CATALOGUE
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.scoring import score
from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.model.holder import TRIAL

AS_OF = dt.date(2023, 6, 30)


def test_a_county_gets_the_scores_reasons_and_agreement_that_riskml_computes(imported, jobs, key, work, small_county):
    county_records = Records.load(small_county)
    model, headers = imported.app.state.holder.current, key()
    job = jobs.start(headers, as_of=AS_OF.isoformat())
    work()
    state = jobs.wait_for(headers, job)
    frame = score(model.bundle, county_records, to_day(AS_OF), load_policy()).set_index("household_id")
    assert (state["state"], state["judged"], state["kept"], state["total"]) == ("done", 160, len(frame), 160)
    table = jobs.read_table(headers, job).to_pandas().set_index("household_id")
    assert list(table.index) == sorted(frame.index)
    for name in ("status", "probability", "margin", "tier", "rule_signal", "signal", "rule_flags", "agreement"):
        mine, theirs = table[name].astype(object), frame[name].astype(object)
        assert mine.where(mine.notna(), None).equals(theirs.where(theirs.notna(), None)), name
    reasons = explain_all(Narrator(model.bundle, load_policy()), county_records, to_day(AS_OF)).set_index(
        "household_id"
    )
    for name in reasons.columns:
        assert table.loc[reasons.index, name].tolist() == reasons[name].tolist(), name
    assert set(table["notice"]) == {f"{NOTICE['zh']}；{TRIAL['zh']}"}
    with reading(imported.app.state.engine) as connection:
        kept = {row["household_id"]: row for row in connection.execute(text("SELECT * FROM current_scores")).mappings()}
    for code, row in table.iterrows():
        assert kept[code]["margin"] == (None if row["margin"] != row["margin"] else row["margin"])
        assert kept[code]["causes"] == reasons["causes"].get(code, "")
        assert (kept[code]["agreement"], kept[code]["agreement_by"]) == (row["agreement"], "capacity")
    assert jobs.count("scores") == len(frame)


def test_csv_results_equal_parquet_results_and_open_in_a_spreadsheet(imported, jobs, key, work):
    headers = key()
    job = jobs.start(headers)
    work()
    answer = imported.get(f"/v1/jobs/{job}/results?format=csv", headers=headers)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == f'attachment; filename="riskml-{job}.csv"'
    plain, packed = jobs.read_table(headers, job, "csv"), jobs.read_table(headers, job)
    assert plain.column_names == packed.column_names
    assert plain["probability"].to_pylist() == packed["probability"].to_pylist()
    assert plain["reasons_zh"].to_pylist() == [text or "" for text in packed["reasons_zh"].to_pylist()]
    assert set(plain["notice"].to_pylist()) == {f"{NOTICE['zh']}；{TRIAL['zh']}"}, "the county is a trial"


def test_scoring_the_same_records_again_changes_nothing(imported, jobs, key, work):
    headers = key()
    first = jobs.start(headers)
    work()
    before = jobs.count("scores")
    second = jobs.start(headers)
    work(job_chunk=17)
    assert jobs.count("scores") == before
    assert jobs.read_table(headers, first).equals(jobs.read_table(headers, second))


def test_the_order_of_rows_in_the_database_does_not_matter(imported, jobs, key, work):
    headers = key()
    first = jobs.start(headers)
    work()
    with writing(imported.app.state.engine) as connection:  # PostgreSQL moves updated rows to the end
        for name in ("record_income", "record_households", "record_members", "record_illness"):
            connection.execute(text(f"UPDATE {name} SET request_id = 'moved' WHERE row_id % 3 = 1"))
    second = jobs.start(headers)
    work()
    assert jobs.read_table(headers, first).equals(jobs.read_table(headers, second))


def test_a_job_is_limited_to_its_region_and_visible_there_and_in_enclosing_regions(imported, jobs, key, work):
    with reading(imported.app.state.engine) as connection:
        village = connection.execute(text("SELECT min(region_code) FROM households")).scalar_one()
        inside = connection.execute(
            text("SELECT count(*) FROM households WHERE region_code LIKE :village"), {"village": f"{village}%"}
        ).scalar_one()
    own, county, other = key(village), key(village[:6]), key("37")
    job = jobs.start(own)
    work()
    state = jobs.wait_for(own, job)
    assert state["total"] == state["judged"] == inside < 160
    assert jobs.count("current_scores") == state["kept"]
    table = jobs.read_table(county, job)
    assert set(table["region_code"].to_pylist()) == {village}
    assert set(table["agreement_by"].to_pylist()) == {"tier"}, "visit capacity is set for counties, not for villages"
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/results", "/v1/jobs/nobody", "/v1/jobs/%00"):
        answer = imported.get(path, headers=other)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:riskml:problem:job-not-found")
    assert imported.delete(f"/v1/jobs/{job}", headers=other).status_code == 404
    wide = jobs.start(county)
    assert imported.get(f"/v1/jobs/{wide}", headers=own).status_code == 404
    assert imported.post("/v1/batches", json={"region": village[:6]}, headers=own).status_code == 404


def split_codes(rows, column):
    """Return every code in a column whose codes are joined by semicolons."""
    return {code for row in rows for code in (row[column] or "").split(";")}


def test_health_details_in_results_require_the_right(imported, jobs, key, work):
    plain, trusted = key("", "score", "read"), key("", "score", "read", "health-details")
    open_job, hidden_job = jobs.start(trusted), jobs.start(plain)
    work()
    refused = imported.get(f"/v1/jobs/{open_job}/results", headers=plain)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:riskml:problem:right-missing")

    state, hidden = jobs.read_table(trusted, open_job), jobs.read_table(plain, hidden_job)
    assert sum(hidden["hidden_flags"].to_pylist()) > 0
    assert sum(state["hidden_flags"].to_pylist()) == 0
    health = {name for name, feature in CATALOGUE.items() if concerns_health(feature)}
    triggers = {code: trigger for code, trigger in load_policy().triggers.items() if trigger.cause in HEALTH_CAUSES}
    own, others = state.to_pylist(), hidden.to_pylist()
    for column, secrets in (("reasons", health), ("protections", health), ("rule_flags", set(triggers))):
        assert secrets & split_codes(own, column), f"no household has anything to hide in {column}"
        assert not secrets & split_codes(others, column), column
    assert HEALTH_CAUSES[1] in split_codes(own, "causes")
    assert HEALTH_CAUSES[1] not in split_codes(others, "causes"), "disability counts as illness"
    for detailed, row in zip(own, others, strict=True):
        shown = f"{row['reasons_zh']}\n{row['protections_zh']}".split("\n")
        for column in ("reasons", "protections"):
            names = (detailed[column] or "").split(";")  # empty if no verdict of the model is explained
            sentences = (detailed[f"{column}_zh"] or "").split("\n")
            assert not [s for name, s in zip(names, sentences, strict=names != [""]) if name in health and s in shown]
        assert not [trigger.zh for trigger in triggers.values() if trigger.zh in "\n".join(shown)]


def test_causes_stored_with_a_score_do_not_depend_on_who_started_the_job(imported, jobs, key, work, monkeypatch):
    tabulate = ExplainedPanel.tabulate
    monkeypatch.setattr(
        ExplainedPanel,
        "tabulate",
        lambda self, hidden: tabulate(self, hidden).assign(**({"causes": "x"} if hidden else {})),
    )

    def read_causes():
        with reading(imported.app.state.engine) as connection:
            return connection.execute(text("SELECT causes FROM current_scores ORDER BY household_id")).scalars().all()

    plain, kept = key("", "score", "read"), []
    for headers in (plain, key()):
        job = jobs.start(headers)
        work()
        kept.append(read_causes())
        if headers is plain:
            assert set(jobs.read_table(headers, job)["causes"].to_pylist()) == {"x"}
    assert kept[0] == kept[1]
    assert len(set(kept[0])) > 5


def test_a_job_still_names_the_model_that_scored_it_after_a_swap(imported, jobs, key, work):
    headers, holder = key(), imported.app.state.holder
    job, names = jobs.start(headers), holder.current.names
    work()
    policy = replace(holder.current.policy, version="another")
    bundle = replace(holder.current.bundle, manifest={**holder.current.bundle.manifest, "schema_hash": "another"})
    holder.swap(replace(holder.current, policy=policy, bundle=bundle))
    assert set(names.values()) & set(holder.current.names.values()) == {"riskml", names["model_version"]}
    state = imported.get(f"/v1/jobs/{job}", headers=headers).json()
    assert {name: state[name] for name in names} == names
    for form in ("parquet", "csv"):
        answer = imported.get(f"/v1/jobs/{job}/results?format={form}", headers=headers)
        assert answer.headers["x-notice"] == NOTICE["en"]
        assert answer.headers["x-data-as-of"] == AS_OF.isoformat()
        assert {name: answer.headers["x-" + name.replace("_", "-")] for name in names} == names
        assert len(answer.headers.get_list("x-request-id")) == 1
    table = jobs.read_table(headers, job)
    assert set(table["policy_version"].to_pylist()) == {names["policy_version"]}
    metadata = {name.decode(): value.decode() for name, value in table.schema.metadata.items()}
    assert {**names, "notice_zh": NOTICE["zh"], "scored_at": state["finished_at"]}.items() <= metadata.items()
