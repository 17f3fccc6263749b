"""Both databases use an index for the ranked list, for regions of any size."""

from __future__ import annotations

import pytest
from tests.serving.api.conftest import plan

from riskml_serving.api.households.repository import build_ranked_query, read_ranked
from riskml_serving.judging.scores.ranking import RANKED


@pytest.mark.parametrize("after", [None, [-2, 1, -0.5, "h00100"]], ids=["first", "later"])
@pytest.mark.parametrize(
    ("region", "index"),
    [("", "all"), ("370101", "county"), ("370101003", "town"), ("370101003005", "village")],
)
def test_a_page_of_the_ranked_list_is_read_in_index_order(scored_engine, region, index, after):
    steps = plan(scored_engine, build_ranked_query(region, {}, after, 20))
    assert f"ix_current_scores_ranked_{index}" in steps, "the index must supply the order of the rows"
    if index != "village":  # only 15 rows of a village follow this position, less than a page, so sorting them is cheap
        assert "Sort" not in steps
        assert "TEMP B-TREE" not in steps


def test_consecutive_pages_add_up_to_the_full_list_in_order(scored_engine):
    with scored_engine.connect() as connection:
        whole = read_ranked(connection, "370101", {}, None, 10_000)
        pages, after = [], None
        while page := read_ranked(connection, "370101", {}, after, 700):
            pages += page
            after = [page[-1][name] for name in RANKED]
    assert pages == whole
    assert len(whole) == 3000
    ranks = [tuple(row[name] for name in RANKED) for row in whole]
    assert ranks == sorted(ranks)
