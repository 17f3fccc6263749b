"""Responses hold exactly the values that they are made from, and never NaN."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml_serving.http.responses import encode_json

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["NaN", "-Infinity", '"', "汉\u2028\x7f"])
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_an_encoded_value_reads_back_unchanged(value):
    assert json.loads(encode_json(value)) == value


@given(values, st.sampled_from([float("nan"), float("inf"), float("-inf")]))
def test_a_number_that_json_lacks_is_an_error(value, number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_json({"before": value, "rows": [{"number": number}]})
