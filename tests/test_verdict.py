"""Fields of a household's score: the names of its columns, and how codes become words or plain values."""

from __future__ import annotations

import datetime as dt

import numpy as np

from riskml.records.contract.calendar import to_day
from riskml.records.contract.versions import NO_DAY
from riskml.scoring import COLUMNS
from riskml.verdict import FIELDS, Field, Kind
from riskml.vocabulary.terms import Term, Vocabulary


def test_a_table_of_scores_has_the_documented_columns():
    assert COLUMNS == (
        "household_id",
        "as_of",
        "status",
        "probability",
        "margin",
        "tier",
        "rule_signal",
        "signal",
        "rule_flags",
        "agreement",
        "income_until",
        "model_version",
        "policy_version",
    )
    assert all(field.identity for field in FIELDS)
    assert all(field.label or field.header for field in FIELDS)


def test_a_day_becomes_a_date_or_none():
    days = np.array([to_day("2023-09-30"), NO_DAY], np.int32)
    field = Field("income_until", Kind.DAY, nullable=True)
    assert field.to_plain(days) == field.spell(days).tolist() == [dt.date(2023, 9, 30), None]


def test_a_missing_level_is_written_as_none_and_stored_as_minus_one():
    terms = Vocabulary(Term("stable", "稳定", "stable"), Term("likely", "较易", "likely"))
    field = Field("tier", Kind.LEVEL, terms=terms, nullable=True)
    assert field.spell(np.array([1, -1], np.int8)).tolist() == ["likely", None]
    assert field.to_plain(np.array([1, -1], np.int8)) == [1, -1]


def test_a_missing_number_is_none_as_a_plain_value():
    field = Field("margin", Kind.NUMBER, nullable=True)
    assert field.to_plain(np.array([0.5, np.nan])) == [0.5, None]
