"""A policy's version is computed from its content, so any two policies that can give different verdicts have
different versions."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.errors import PolicyError
from riskml.explanation import Narrator
from riskml.policy import load_policy, parse_policy
from riskml.records.contract.calendar import to_day
from riskml.scoring import score

pytestmark = pytest.mark.integration  # reads the policy table again for each of its figures

PACKAGED = files("riskml.policy").joinpath("policy.yaml").read_text("utf-8")
SOME = settings(deadline=None, max_examples=40)


def list_leaves(value, path=()):
    """List the paths to all values that are neither mappings nor lists."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, item in pairs for leaf in list_leaves(item, (*path, key))]
    return [path]


def read():
    return yaml.load(PACKAGED, yaml.CSafeLoader)


def write(content, **style):
    return yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, **style)


def read_value(content, path):
    for key in path:
        content = content[key]
    return content


CONTENT = read()
PATHS = list_leaves(CONTENT)
FIGURES = [path for path in PATHS if isinstance(read_value(CONTENT, path), int | float)]
TEXTS = [path for path in PATHS if path[-1] in ("source", "zh", "en")]
DAYS = [path for path in PATHS if path[-1] == "effective_from"]


def compute_version(path, value):
    """Return the version of the packaged table after one value is changed."""
    content = read()
    read_value(content, path[:-1])[path[-1]] = value
    return parse_policy(write(content)).version


def test_the_version_combines_the_files_version_and_twelve_digits_of_its_hash():
    assert re.fullmatch(r"2025\.1\+[0-9a-f]{12}", load_policy().version)


def test_changing_the_school_cost_changes_the_version():
    assert compute_version(("triggers", "school_cost", "values", 0, "all"), 100) != load_policy().version


@SOME
@given(st.sampled_from(FIGURES), st.floats(-2e4, 2e4) | st.integers(-3, 3))
def test_changing_any_other_figure_changes_the_version(path, change):
    old = read_value(CONTENT, path)
    new = not old if isinstance(old, bool) else old + change
    try:
        version = compute_version(path, new)
    except PolicyError:
        return  # a value that the policy table does not allow
    assert (version == load_policy().version) == (new == old)


@SOME
@given(st.sampled_from(TEXTS), st.text("确认0 (", min_size=1, max_size=3))
def test_changing_any_source_or_name_changes_the_version(path, more):
    assert compute_version(path, read_value(CONTENT, path) + more) != load_policy().version


@pytest.mark.parametrize("path", DAYS[::7], ids=str)
def test_changing_the_date_changes_the_version(path):
    assert compute_version(path, yaml.safe_load("2018-03-03")) != load_policy().version


def test_scores_and_explanations_name_the_policy_used_and_a_bundle_names_its_own(trained, county_records):
    cheaper = read()
    cheaper["triggers"]["school_cost"]["values"][0]["all"] = 100
    day, bundle = to_day("2024-06-30"), trained
    for policy in (load_policy(), parse_policy(write(cheaper))):
        assert set(score(bundle, county_records, day, policy)["policy_version"]) == {policy.version}
        panel = county_records.panel(day, 0, 1)
        assert Narrator(bundle, policy).explain(panel).to_json()["policy_version"] == policy.version
    assert bundle.policy_version == load_policy().version


def shuffle(value, dice):
    """Return the same content with its keys in another order and some integers written as floats."""
    if isinstance(value, dict):
        return {key: shuffle(value[key], dice) for key in dice.sample(list(value), len(value))}
    if isinstance(value, list):
        return [shuffle(item, dice) for item in value]
    return float(value) if type(value) is int and dice.random() < 0.5 else value


@SOME
@given(st.randoms(use_true_random=False), st.booleans(), st.integers(40, 400))
def test_key_order_comments_layout_and_number_format_do_not_matter(dice, flow, width):
    text = write(shuffle(read(), dice), sort_keys=False, default_flow_style=flow, width=width)
    commented = text if flow else re.sub(r"(?m)^(?=\w)", "# checked by the county\n\n", text)
    assert parse_policy(commented).version == load_policy().version
