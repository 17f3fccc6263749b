"""Both databases use an index for the ranked list and the summary, for regions of any size."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql, sqlite

from riskml_serving.api.households.repository import build_ranked_query, read_ranked
from riskml_serving.api.regions.repository import build_count_query, count_scores
from riskml_serving.base.database import open_engine, writing
from riskml_serving.judging.scores.ranking import RANKED, rank
from riskml_serving.judging.scores.tables import CURRENT


@pytest.fixture
def engine(database_url):
    """Fill a database with 6,000 scored households in two counties, each with ten towns of ten villages."""
    database = open_engine(database_url)
    fixed = {
        "seq": 1,
        "as_of": dt.date(2024, 12, 31),
        "status": "at_risk",
        "margin": 0.0,
        "rule_signal": 0,
        "rule_flags": "",
        "agreement": "neither",
        "agreement_by": "tier",
        "income_until": None,
        "model_version": "m",
        "feature_schema_hash": "f",
        "policy_version": "p",
        "scored_at": dt.datetime(2025, 1, 1),
    }
    rows = []
    for i in range(6000):
        region = f"37010{i % 2}{i % 20 // 2:03d}{i // 20 % 10:03d}"
        p, signal = (i * 7919 % 1000) / 1000, i * 31 % 4
        regions = {"household_id": f"h{i:05d}", "region_code": region, "county": region[:6], "town": region[:9]}
        score = {**fixed, "probability": p, "tier": i % 3, "signal": signal, "shortfall": 10.0 * i}
        rows.append({**score, **regions, **rank(score)})
    with writing(database) as connection:
        connection.execute(insert(CURRENT), rows)
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text("VACUUM ANALYZE current_scores" if database.dialect.name == "postgresql" else "ANALYZE")
        )
    yield database
    database.dispose()


def plan(engine, query):
    dialect = postgresql.dialect() if engine.dialect.name == "postgresql" else sqlite.dialect()
    sql = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
    how = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        return " ".join(str(part) for row in connection.exec_driver_sql(f"{how} {sql}") for part in row)


@pytest.mark.parametrize("after", [None, [-2, 1, -0.5, "h00100"]], ids=["first", "later"])
@pytest.mark.parametrize(
    ("region", "index"),
    [("", "all"), ("370101", "county"), ("370101003", "town"), ("370101003005", "village")],
)
def test_a_page_of_the_ranked_list_is_read_in_index_order(engine, region, index, after):
    steps = plan(engine, build_ranked_query(region, {}, after, 20))
    assert f"ix_current_scores_ranked_{index}" in steps, "the index must supply the order of the rows"
    if index != "village":  # only 15 rows of a village follow this position, less than a page, so sorting them is cheap
        assert "Sort" not in steps
        assert "TEMP B-TREE" not in steps


def test_a_county_summary_is_read_from_an_index_alone(engine):
    steps = plan(engine, build_count_query("370101", 9))
    assert "ix_current_scores_counts" in steps
    assert "Index Only" in steps or "COVERING INDEX" in steps


def test_consecutive_pages_add_up_to_the_full_list_in_order(engine):
    with engine.connect() as connection:
        whole = read_ranked(connection, "370101", {}, None, 10_000)
        pages, after = [], None
        while page := read_ranked(connection, "370101", {}, after, 700):
            pages += page
            after = [page[-1][name] for name in RANKED]
    assert pages == whole
    assert len(whole) == 3000
    ranks = [tuple(row[name] for name in RANKED) for row in whole]
    assert ranks == sorted(ranks)


def test_counts_per_subregion_match_the_rows(engine):
    with engine.connect() as connection:
        rows = read_ranked(connection, "370101", {}, None, 10_000)
        counts = count_scores(connection, "370101", 9)
    assert sum(row["n"] for row in counts) == len(rows)
    for row in counts:
        assert row["n"] == sum(
            one["town"] == row["part"]
            and all(one[name] == row[name] for name in ("status", "tier", "signal", "order_section", "agreement"))
            for one in rows
        )
