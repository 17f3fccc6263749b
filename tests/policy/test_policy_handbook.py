"""The documentation of the policy's rules agrees with the packaged policy table."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.documents.policy import render_handbook, renew_handbook

from riskml.policy import load_policy, parse_policy

DOCUMENT = Path(__file__).parents[2] / "docs" / "policy.md"


@pytest.fixture(scope="module")
def document():
    return DOCUMENT.read_text("utf-8")


def test_the_document_contains_the_tables_of_the_packaged_policy(document, golden):
    golden(DOCUMENT, renew_handbook(document, load_policy()))


def test_every_trigger_is_listed_with_its_threshold_and_source(document):
    for code, trigger in load_policy().triggers.items():
        rows = [line for line in document.splitlines() if line.startswith(f"| `{code}` | {trigger.zh}")]
        assert len(rows) == 1, f"docs/policy.md has {len(rows)} rows for {code}: run `make docs`"
        row = rows[0]
        for value in trigger.values.rows:
            assert value.source in row
            for threshold in value.written.values():
                assert (f"{threshold:,g}" if threshold == threshold else "never") in row


def test_a_disabled_trigger_is_described_as_disabled():
    (row,) = [line for line in render_handbook(load_policy()).splitlines() if line.startswith("| `disaster_loss` | 灾")]
    assert "never: no figure is known" in row


def test_thresholds_by_kind_are_distinguished(packaged):
    text = render_handbook(load_policy())
    assert "exited ≥ 5,000, ordinary ≥ 20,000 (yuan)" in text
    assert "monitored > 0.5 × rural per-capita income, others > 1 × rural per-capita income (yuan)" in text
    partly = parse_policy(packaged.replace("exited: 5000, ordinary: 20000", "exited: 5000, ordinary: null"))
    assert "| exited ≥ 5,000, ordinary never (yuan) |" in render_handbook(partly)


def test_every_table_row_has_as_many_cells_as_its_header(packaged):
    policy = parse_policy(packaged.replace("en: self-paid inpatient cost", "en: self-paid | inpatient cost"))
    tables = [block for block in render_handbook(policy).split("\n\n") if block.startswith("|")]
    assert len(tables) == 11
    for table in tables:
        assert len({line.count("|") for line in table.strip().splitlines()}) == 1
