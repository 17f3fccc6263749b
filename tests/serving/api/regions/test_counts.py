"""Both databases count the households of a region from an index alone, and count every one."""

from __future__ import annotations

from tests.serving.api.conftest import plan

from riskml_serving.api.households.repository import read_ranked
from riskml_serving.api.regions.repository import build_count_query, count_scores


def test_a_county_summary_is_read_from_an_index_alone(scored_engine):
    steps = plan(scored_engine, build_count_query("370101", 9))
    assert "ix_current_scores_counts" in steps
    assert "Index Only" in steps or "COVERING INDEX" in steps


def test_counts_per_subregion_match_the_rows(scored_engine):
    with scored_engine.connect() as connection:
        rows = read_ranked(connection, "370101", {}, None, 10_000)
        counts = count_scores(connection, "370101", 9)
    assert sum(row["n"] for row in counts) == len(rows)
    for row in counts:
        assert row["n"] == sum(
            one["town"] == row["part"]
            and all(one[name] == row[name] for name in ("status", "tier", "signal", "order_section", "agreement"))
            for one in rows
        )
