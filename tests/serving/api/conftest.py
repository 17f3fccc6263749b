"""A database with many scores, and how it runs a query."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql, sqlite

from riskml_serving.base.database import open_engine, writing
from riskml_serving.judging.scores.ranking import rank
from riskml_serving.judging.scores.tables import CURRENT


@pytest.fixture
def scored_engine(database_url):
    """Open a database with 6,000 scored households in two counties, each with ten towns of ten villages."""
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
