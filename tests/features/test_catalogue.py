"""Every feature's declaration is valid, and features treat absent and empty tables as the data contract says."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.features import CATALOGUE, Direction, build
from riskml.features.catalogue import TOPICS, feature
from riskml.records.contract.calendar import LOOK_BACK, to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.store import Records
from riskml.vocabulary.causes import CAUSES

UNITS = {"line", "log line", "months", "years", "share", "persons", "count"}
AFTER_SPENDING = {"income_after_self_paid_12m", "lowest_income_after_spending"}
OPTIONAL = ("members", "illness", "disaster", "events", "help", "monitoring")


@pytest.mark.parametrize("declared", CATALOGUE.values(), ids=CATALOGUE)
def test_declarations_are_valid(declared):
    assert declared.name.isidentifier()
    assert declared.topic in TOPICS
    assert declared.unit in UNITS
    assert declared.cause in CAUSES
    assert isinstance(declared.direction, Direction)
    assert set(declared.requires) <= set(TABLES)
    assert 0 <= declared.window <= LOOK_BACK
    assert declared.definition
    for text in (declared.zh, declared.en):
        assert text
        assert "{" not in text
    months = declared.name.rsplit("_", 1)[-1].removesuffix("m")
    if months.isdigit() and declared.name.endswith("m"):
        assert months in declared.zh
        assert ("last month" if months == "1" else months) in declared.en
        assert int(months) <= declared.window


def test_there_are_enough_features_and_every_topic_has_some():
    assert len(CATALOGUE) >= 60
    assert {f.topic for f in CATALOGUE.values()} == set(TOPICS)


def test_an_adverse_feature_is_a_state_or_has_a_window():
    states = {f.name for f in CATALOGUE.values() if f.direction is Direction.HIGHER_RISK and not f.window}
    assert states == {"no_labour", "members_chronic", "members_seriously_ill", "members_disabled", "students"}, (
        "give the feature a window or, if it describes a lasting state, add it to this list"
    )


def test_a_feature_name_can_be_declared_only_once():
    with pytest.raises(ValueError, match="'household_size' is declared twice"):

        @feature(topic="household", unit="persons", cause="other", zh="家庭人口", en="household size")
        def household_size(panel):
            return panel.size_now


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"risky": "high", "reason_zh": "多", "reason_en": "many"}, "risky is 'high'; it must be one of"),
        ({"risky": "more than most"}, "either `risky` and a sentence in both languages, or none"),
        ({"reason_zh": "多", "reason_en": "many"}, "either `risky` and a sentence in both languages, or none"),
        ({"risky": "recent", "reason_zh": "近"}, "either `risky` and a sentence in both languages, or none"),
        (
            {"risky": "less than most", "reason_zh": "少", "reason_en": "few", "direction": Direction.HIGHER_RISK},
            "risky='less than most' contradicts direction=HIGHER_RISK",
        ),
    ],
)
def test_a_reason_needs_its_risky_side_and_a_sentence_and_agrees_with_the_direction(declared, message):
    with pytest.raises(ValueError, match=message):
        feature(topic="household", unit="persons", cause="other", zh="家庭人口", en="household size", **declared)


def convert_matrix(drawn):
    return build(Records.from_tables(drawn.frames()).panel(to_day(drawn.as_ofs[-1])))


@pytest.mark.parametrize("table", OPTIONAL)
def test_an_absent_table_means_unknown_and_an_empty_one_means_none(table, random_records):
    absent = convert_matrix(random_records(3, 10, absent=(table,)))
    empty = convert_matrix(random_records(3, 10, empty=(table,)))
    full = convert_matrix(random_records(3, 10))
    for f in CATALOGUE.values():
        if table not in f.requires:
            np.testing.assert_array_equal(absent.column(f.name), full.column(f.name))
            np.testing.assert_array_equal(empty.column(f.name), full.column(f.name))
            continue
        assert np.isnan(absent.column(f.name)).all(), f.name
        if f.unit in ("count", "persons"):
            assert (empty.column(f.name) == 0).all(), f.name
        elif f.unit in ("months", "years"):
            assert np.isnan(empty.column(f.name)).all(), f.name


def test_amounts_relative_to_the_line_are_zero_if_the_table_is_empty(random_records):
    empty = convert_matrix(random_records(3, 10, empty=OPTIONAL))
    income = empty.column("log_income_to_line_12m")
    for f in CATALOGUE.values():
        if f.unit == "line" and f.requires and f.name not in AFTER_SPENDING:
            values = empty.column(f.name)
            assert (values[~np.isnan(values)] == 0).all(), f.name
            assert (values == 0).any(), f.name
    after = empty.column("income_after_self_paid_12m")
    assert (np.isnan(after) == np.isnan(income)).all()
