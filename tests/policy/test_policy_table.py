"""The packaged policy table, and how faults in a policy file are reported."""

from __future__ import annotations

import pickle
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from riskml.errors import PolicyError
from riskml.policy import load_policy, parse_policy
from riskml.policy.dated import DatedTable
from riskml.policy.reading import Node
from riskml.policy.triggers import TRIGGERS
from riskml.records.contract.calendar import to_day
from riskml.records.panel.lines import LineTable
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import TIERS

PACKAGED = files("riskml.policy").joinpath("policy.yaml").read_text("utf-8")


@pytest.fixture
def content():
    return yaml.load(PACKAGED, yaml.CSafeLoader)


def parse(content):
    return parse_policy(yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True), "county.yaml")


@pytest.mark.parametrize(
    ("region", "date", "amount"),
    [
        ("130529", "2020-12-31", 5000),
        ("130529", "2022-03-31", 5000),
        ("130529", "2022-04-01", 7300),
        ("130529", "2023-01-01", 8300),
        ("430100", "2022-12-31", 6000),
        ("430100", "2023-06-30", 7500),
        ("350121", "2023-06-30", 10560),
        ("350122", "2023-06-30", 6000),
        ("360703", "2024-06-30", 8500),
        ("530100", "2025-06-30", 8700),
        ("620171", "2025-06-30", 8600),
    ],
)
def test_the_packaged_lines_match_the_reports(region, date, amount):
    assert LineTable([], load_policy().lines).build_grid([region], np.array([to_day(date)])) == amount


@pytest.mark.parametrize("region", ["", "13", "1305", "130529", "130529101", "130529101203"])
def test_a_row_applies_in_every_region_that_begins_with_its_prefix(region):
    elsewhere = SimpleNamespace(region="41", effective_from=0)
    rows = [SimpleNamespace(region=region, effective_from=0), elsewhere]
    assert DatedTable(rows, [Node(None, str(i), "file") for i in range(2)]).find("130529101203", 1) is rows[0]


def test_there_is_no_line_before_the_first_one():
    assert np.isnan(LineTable([], load_policy().lines).build_grid(["440100"], np.array([to_day("2020-12-31")])))


def test_every_trigger_function_has_a_row_and_every_row_has_a_function():
    assert set(load_policy().triggers) == set(TRIGGERS)
    assert list(load_policy().triggers) == sorted(TRIGGERS)
    assert {code for code, trigger in load_policy().triggers.items() if trigger.matches != ()} == {"new_low_income"}


def test_every_rule_names_its_source():
    policy = load_policy()
    rows = [row for trigger in policy.triggers.values() for row in trigger.values.rows]
    lines = yaml.load(PACKAGED, yaml.CSafeLoader)["lines"]
    assert [row.source for row in policy.lines] == [line["source"] for line in lines]
    rows += [*policy.lines, *policy.rural_income.rows, *policy.colours.rows, *policy.tiers.values()]
    rows += [*policy.spending.values(), *policy.counting.values(), *policy.timing.values()]
    rows += [measure for measures in policy.measures.values() for measure in measures]
    assert len(rows) > 80
    assert all(row.source.strip() for row in rows)


def test_causes_are_official_and_have_chinese_names_and_measures():
    policy = load_policy()
    assert policy.causes == dict(CAUSES)
    assert all(policy.measures[cause] for cause in CAUSES)
    assert {trigger.cause for trigger in policy.triggers.values()} <= {None, *CAUSES}


def test_a_county_may_rename_causes_and_tiers(content):
    content["causes"] = {
        "illness": {"zh": "因大病", "en": "serious illness", "topics": ["illness"]},
        "water": {"en": "wells"},
    }
    content["tiers"]["likely"] |= {"zh": "较易致贫"}
    policy = parse(content)
    assert (policy.causes["illness"].names, policy.causes["water"].names) == (
        {"zh": "因大病", "en": "serious illness"},
        {"zh": "饮水安全", "en": "wells"},
    )
    assert policy.causes["work"] == CAUSES["work"]
    assert policy.tiers["likely"].names == {"zh": "较易致贫", "en": "likely"}


def test_thresholds_by_kind_and_by_monitoring():
    inpatient = load_policy().triggers["inpatient_self_pay"].values.find("13", 0)
    assert inpatient.thresholds == (20_000, 20_000, 5_000, 5_000)
    burden = load_policy().triggers["medical_burden"].values.find("13", 0)
    assert burden.thresholds == (1.0, 0.5, 1.0, 0.5)


def test_the_packaged_table_is_read_once():
    assert load_policy() is load_policy()


def test_a_file_replaces_the_packaged_table(tmp_path, content):
    content["version"] = "county-7"
    content["visit_capacity"] = 0.05
    path = tmp_path / "县.yaml"
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True), "utf-8-sig")
    policy = load_policy(path)
    assert (policy.version.split("+")[0], policy.visit_capacity) == ("county-7", 0.05)
    assert parse_policy(path.read_text("utf-8-sig")).version == policy.version


def test_a_trigger_left_out_of_a_file_is_disabled(content):
    del content["triggers"]["job_loss"]
    assert "job_loss" not in parse(content).triggers


def test_a_policy_file_may_still_set_an_income_window_which_has_no_effect(content):
    content["income_window"] = 6
    with_key = parse(content)
    del content["income_window"]
    assert vars(parse(content)).keys() == vars(with_key).keys()
    assert "income_window" not in vars(with_key)


def test_provincial_income_takes_precedence_and_an_unknown_one_is_skipped(content):
    content["rural_income"] += [
        {"region": "13", "year": 2022, "effective_from": parse_day("2023-02-01"), "amount": 19000, "source": "x"},
        {
            "region": "43",
            "year": 2022,
            "effective_from": parse_day("2023-02-01"),
            "amount": None,
            "source": "not found",
        },
    ]
    policy = parse(content)
    assert policy.find_in_force("130529", to_day("2023-12-31")).rural_income == 19_000
    assert policy.find_in_force("430529", to_day("2023-12-31")).rural_income == 20_133
    assert np.isnan(policy.find_in_force("130529", to_day("2019-01-31")).rural_income)


def test_tiers_follow_the_probability():
    probability = np.array([0.0, 0.0999, 0.1, 0.2999, 0.3, 1.0, np.nan])
    assert load_policy().assign_tiers(probability).tolist() == [0, 0, 1, 1, 2, 2, -1]
    assert TIERS.codes[2] == "very_likely"


def test_a_missing_file_is_named():
    with pytest.raises(PolicyError, match=r"nowhere\.yaml cannot be read"):
        load_policy("nowhere.yaml")


def test_a_file_that_is_not_utf8_is_rejected(tmp_path):
    path = tmp_path / "gb.yaml"
    path.write_bytes("version: 监测".encode("gb18030"))
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_policy(path)


def test_broken_yaml_names_the_line():
    with pytest.raises(PolicyError, match=r"not valid YAML at line 2"):
        parse_policy("version: x\nlines: ]\n", "county.yaml")


def test_a_file_with_a_control_character_has_no_line_to_name():
    with pytest.raises(PolicyError, match=r"county\.yaml is not valid YAML: it cannot be parsed\."):
        parse_policy("version: \0", "county.yaml")


def test_a_date_as_a_key_is_rejected():
    with pytest.raises(PolicyError, match="key 2024-01-01 is neither text nor a number"):
        parse_policy("causes:\n  illness:\n    topics:\n      2024-01-01: x\n", "policy.yaml")


def test_a_duplicate_key_is_rejected():
    with pytest.raises(PolicyError, match="key 'version' appears twice"):
        parse_policy('version: "1"\nversion: "2"\n', "county.yaml")


def test_an_empty_file_is_rejected():
    with pytest.raises(PolicyError, match=r"county\.yaml: the file must be a mapping, not null"):
        parse_policy("", "county.yaml")


def parse_day(text):
    return yaml.safe_load(text)


def select_job_loss(content):
    return content["triggers"]["job_loss"]


FAULTS = {
    "lines[3].amount is -5, but it must be above 0": lambda c: c["lines"][3].update(amount=-5),
    "lines[0].amount must be a number, not 'much'": lambda c: c["lines"][0].update(amount="much"),
    "lines[0].amount must be a number, not nan": lambda c: c["lines"][0].update(amount=float("nan")),
    "lines[0].region must be a prefix of digits as text, not 13": lambda c: c["lines"][0].update(region=13),
    "lines[0].effective_from must be a date, not null": lambda c: c["lines"][0].update(effective_from=None),
    "lines[0].source must be text, not null": lambda c: c["lines"][0].update(source=None),
    "lines[0] has an unknown key 'amont'": lambda c: c["lines"][0].update(amont=1),
    "lines[1] lacks 1 key(s): amount": lambda c: c["lines"][1].pop("amount"),
    "lines[9] takes effect on the same day in the same region as lines[0]": lambda c: c["lines"].append(c["lines"][0]),
    "lines must be a list, not 'x'": lambda c: c.update(lines="x"),
    "version is longer than 40 characters": lambda c: c.update(version=41 * "7"),
    "version must be text, not 2025.1": lambda c: c.update(version=2025.1),
    "visit_capacity is 1.5, but it must be at most 1": lambda c: c.update(visit_capacity=1.5),
    "visit_capacity must be a number, not True": lambda c: c.update(visit_capacity=True),
    "the file has an unknown key 'tirggers'": lambda c: c.update(tirggers={}),
    "triggers.job_los is not a trigger": lambda c: c["triggers"].update(job_los=c["triggers"]["job_loss"]),
    "triggers.job_loss.cause is 'wrok'": lambda c: select_job_loss(c).update(cause="wrok"),
    "triggers.job_loss.counts_as[0] is 'shok'": lambda c: select_job_loss(c).update(counts_as=["shok"]),
    "triggers.job_loss.fires is 'over'": lambda c: select_job_loss(c).update(fires="over"),
    "triggers.job_loss.base is 'lines'": lambda c: select_job_loss(c).update(base="lines"),
    "triggers.job_loss.window is 37": lambda c: select_job_loss(c).update(window=37),
    "triggers.job_loss.window is 2.5, but it must be a whole number.": lambda c: select_job_loss(c).update(window=2.5),
    "triggers.job_loss.values is empty": lambda c: select_job_loss(c).update(values=[]),
    "triggers.job_loss.values[0] has thresholds for nobody": lambda c: select_job_loss(c)["values"][0].pop("all"),
    "triggers.job_loss.values[0] has thresholds for all, exited": lambda c: select_job_loss(c)["values"][0].update(
        exited=1
    ),
    "triggers.job_loss.values[0].all must be a number": lambda c: select_job_loss(c)["values"][0].update(all="one"),
    "triggers.job_loss.values[1] takes effect on the same day": lambda c: select_job_loss(c)["values"].append(
        c["triggers"]["job_loss"]["values"][0]
    ),
    "colours[0] has bounds out of order": lambda c: c["colours"][0].update(orange_below=1.5),
    "colours[0].hardship is 'blue'": lambda c: c["colours"][0].update(hardship="blue"),
    "tiers.likely.probability is 1.2": lambda c: c["tiers"]["likely"].update(probability=1.2),
    "tiers.stable.probability is 0.01, but the tier": lambda c: c["tiers"]["stable"].update(probability=0.01),
    "tiers has no room for 'likely'": lambda c: c["tiers"]["likely"].update(probability=0.4),
    "tiers gives 'very_likely' a safer colour": lambda c: c["tiers"]["very_likely"].update(colour="green"),
    "spending.school_fees.counts must be true or false": lambda c: c["spending"]["school_fees"].update(counts="yes!"),
    "causes has an unknown key 'weather'": lambda c: c.update(causes={"weather": {}}),
    "measures has an unknown key 'ilness'": lambda c: c["measures"].update(ilness=[]),
    "rural_income[0].year must be a number": lambda c: c["rural_income"][0].update(year="2018"),
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_names_its_path_in_the_file(content, message):
    FAULTS[message](content)
    with pytest.raises(PolicyError) as caught:
        parse(content)
    assert f"county.yaml: {message}" in caught.value.message


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda c: c["lines"][0].update(amont=1), "Did you mean 'amount'?"),
        (lambda c: c["triggers"].update(job_los={}), "Did you mean 'job_loss'?"),
        (lambda c: select_job_loss(c).update(cause="wrok"), "Did you mean 'work'?"),
        (lambda c: c["lines"][0].update(region=13), 'write "13" in quotes'),
        (lambda c: select_job_loss(c)["values"][0].pop("all"), "`exited` and `ordinary`"),
        (lambda c: select_job_loss(c).update(values=[]), "a threshold of null to switch the trigger off"),
        (lambda c: c["lines"].append(c["lines"][0]), "Remove one of them, or give it a different effective_from."),
        (lambda c: c["lines"][1].pop("amount"), "It needs: region, effective_from, amount, source."),
        (lambda c: c["counting"].update({3: {}}), 'Write it in quotes: "3".'),
    ],
)
def test_a_fault_says_what_to_do(content, change, hint):
    change(content)
    with pytest.raises(PolicyError) as caught:
        parse(content)
    assert hint in caught.value.hint


def test_a_policy_can_be_pickled_to_another_process():
    policy = load_policy()
    rows = policy.find_in_force("130529", to_day("2023-12-31"))
    assert policy.find_in_force("130529", to_day("2023-12-31")) is rows, "they are looked up once"
    copied = pickle.loads(pickle.dumps(policy))
    assert (copied.version, copied.lines, list(copied.triggers)) == (
        policy.version,
        policy.lines,
        list(policy.triggers),
    )
