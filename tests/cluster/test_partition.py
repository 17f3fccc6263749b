"""Partitions: every household is in one of them, with all that is known about it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from riskml.cluster.partition import partition
from riskml.cluster.workers import Workers
from riskml.errors import RecordsError, UsageError
from riskml.features.build import build_all
from riskml.features.matrix import FeatureMatrix, stack
from riskml.loading import load_records
from riskml.records.checking.check import check, open_checked
from riskml.records.contract.calendar import to_day
from riskml.records.panel.basis import IncomeBasis
from riskml.records.panel.store import Records
from riskml.records.reading.folder import open_folder
from riskml.records.reading.partitions import LIST, list_partitions
from riskml.training.oracle import read_truth

Divide = Callable[..., Path]
AS_OF = to_day(pd.Timestamp("2022-12-31").date())
AGED = IncomeBasis(12, False, 18)


def build_features(records: Records, basis: IncomeBasis) -> FeatureMatrix:
    return build_all(records, [AS_OF], basis)


def build_in_parts(folder: Path, basis: IncomeBasis = AGED) -> FeatureMatrix:
    """Build the features of each partition by itself, and put them in the order of one folder."""
    parts = []
    for one in list_partitions(folder):
        one.verify()
        with open_folder(one.path, checked=True) as opened:
            parts.append(build_features(Records.load(opened), basis))
    matrix = stack(parts)
    return matrix.take(matrix.household_id.argsort())


def assert_same(actual: FeatureMatrix, expected: FeatureMatrix) -> None:
    assert actual.to_frame().equals(expected.to_frame())
    assert actual.levels == expected.levels
    assert actual.columns == expected.columns


@pytest.mark.parametrize(("parts", "by"), [(1, "hash"), (16, "hash"), (3, "region")])
def test_partitions_give_the_same_features(divide: Divide, register: Path, parts: int, by: str) -> None:
    assert_same(build_in_parts(divide(register, parts, by)), build_features(Records.load(register), AGED))


@pytest.mark.parametrize("by", ["hash", "region"])
def test_the_output_is_read_like_the_records_it_came_from(divide: Divide, register: Path, by: str) -> None:
    out = divide(register, 4, by)
    report, before = check(out), check(register)
    assert (report.faults, report.tables) == (before.faults, before.tables)
    divided, whole = Records.load(out), Records.load(register)
    assert divided.fingerprint == whole.fingerprint
    assert_same(build_features(divided, AGED), build_features(whole, AGED))


def test_each_partition_is_a_records_folder_with_its_truth(divide: Divide, register: Path) -> None:
    out = divide(register, 4)
    truth = pd.read_parquet(register / "truth.parquet")
    rows = 0
    for one in list_partitions(out):
        assert check(one.path).ok
        own = pd.read_parquet(one.path / "truth.parquet")
        assert set(own["household_id"]) <= set(Records.load(one.path).household_id)
        rows += len(own)
    assert rows == len(truth) > 0
    assert len(pd.read_parquet(out / "truth.parquet")) == len(truth)


@pytest.mark.parametrize("name", ["part=1", "a[1]", "it's"])
def test_names_of_folders_may_have_signs_that_queries_use(
    tmp_path: Path, divide: Divide, register: Path, workers: Workers, name: str
) -> None:
    folder, out = tmp_path / name / "records", tmp_path / name / "out"
    shutil.copytree(register, folder)
    for mapper in (None, workers):
        with open_checked(folder) as opened:
            partition(opened, out, 3, workers=mapper)
        assert_same(build_in_parts(out), build_in_parts(divide(register, 3)))
        assert sum(len(pd.read_parquet(one.path / "truth.parquet")) for one in list_partitions(out)) == len(
            pd.read_parquet(register / "truth.parquet")
        )


def test_whole_regions_stay_together(divide: Divide, register: Path) -> None:
    homes = [
        set(pd.read_parquet(one.path / "households")["region_code"])
        for one in list_partitions(divide(register, 3, "region"))
    ]
    towns = [{code[:9] for code in codes} for codes in homes]
    assert all(towns)
    assert sum(map(len, towns)) <= len(set.union(*towns)) + 2  # a boundary may lie within a town


LINES = pd.DataFrame({"region_code": [""], "effective_from": ["2018-01-01"], "amount": [6000.0]})


def write(folder: Path, tables: Mapping[str, pd.DataFrame]) -> Path:
    folder.mkdir()
    for name, frame in ({"lines": LINES} | dict(tables)).items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def make_county(households: int = 12) -> dict[str, pd.DataFrame]:
    codes = [f"h{i:02d}" for i in range(households)]
    regions = [f"1305290{1 + i % 3}0101" for i in range(households)]
    months = [f"{year}-{month:02d}-01" for year in (2021, 2022) for month in range(1, 13)]
    income = pd.DataFrame([(c, m, "wage", 1000 + 10 * i) for i, c in enumerate(codes) for m in months])
    income.columns = pd.Index(["household_id", "period_start", "source", "amount"])
    homes = pd.DataFrame({"household_id": codes, "region_code": regions, "size": 2})
    return {"households": homes, "income": income}


def test_households_that_one_record_links_stay_together(tmp_path: Path, divide: Divide) -> None:
    """A correction moves an income from one household to another: each needs to know of it."""
    tables = make_county()
    chain = [f"h{i:02d}" for i in range(0, 12, 2)]
    linked = pd.DataFrame(
        [
            (code, "2022-06-01", "business", 9000.0, f"2022-07-{1 + late:02d}", f"r{i}")
            for i in range(len(chain) - 1)
            for late, code in enumerate(chain[i : i + 2])
        ],
        columns=["household_id", "period_start", "source", "amount", "recorded_on", "record_id"],
    )
    tables["income"] = pd.concat([tables["income"], linked])
    folder = write(tmp_path / "records", tables)
    out = divide(folder, 8)
    holders = [
        one
        for one in list_partitions(out)
        if set(chain) & set(pd.read_parquet(one.path / "households")["household_id"])
    ]
    assert len(holders) == 1
    assert_same(build_in_parts(out), build_features(Records.load(folder), AGED))


def test_a_regional_disaster_that_becomes_a_household_s_no_longer_strikes_the_others(
    tmp_path: Path, divide: Divide
) -> None:
    tables = make_county()
    columns = ["household_id", "region_code", "occurred_on", "kind", "loss", "recorded_on", "record_id"]
    tables["disaster"] = pd.DataFrame(
        [
            (None, "130529", "2022-06-01", "flood", 100.0, "2022-06-02", "d1"),
            ("h03", None, "2022-06-01", "flood", 100.0, "2022-07-02", "d1"),
            (None, "130529010", "2022-05-01", "hail", 100.0, "2022-06-02", "d2"),
            (None, "130529020", "2022-05-01", "hail", 100.0, "2022-06-09", "d2"),
            (None, "130600", "2022-05-01", "hail", 100.0, "2022-06-09", None),
        ],
        columns=columns,
    )
    folder = write(tmp_path / "records", tables)
    for by in ("hash", "region"):
        out = divide(folder, 5, by)
        assert_same(build_in_parts(out), build_features(Records.load(folder), AGED))
        assert check(out).tables == check(folder).tables


def test_a_region_s_disaster_goes_only_where_it_may_strike(tmp_path: Path, divide: Divide) -> None:
    tables = make_county()
    struck = [(None, "130529010", "2022-05-01", "hail")]
    tables["disaster"] = pd.DataFrame(struck, columns=["household_id", "region_code", "occurred_on", "kind"])
    out = divide(write(tmp_path / "records", tables), 3, "region")
    rows = [len(pd.read_parquet(one.path / "disaster" / "region.parquet")) for one in list_partitions(out)]
    assert rows == [1, 0, 0]


def test_attributes_keep_their_kind_where_a_part_alone_would_be_judged_differently(
    tmp_path: Path, divide: Divide
) -> None:
    tables = make_county()
    tables["households"]["crop"] = ["1"] * 11 + ["maize"]
    tables["households"]["area"] = [np.nan] * 11 + [1.5]
    tables["households"]["index"] = [3, 1, 2, *range(100, 109)]
    folder = write(tmp_path / "records", tables)
    expected = build_features(Records.load(folder), AGED)
    assert {"attribute_crop", "attribute_area", "attribute_index"} <= set(expected.names)
    assert_same(build_in_parts(divide(folder, 6)), expected)


def test_an_empty_table_stays_empty_and_an_absent_one_absent(tmp_path: Path, divide: Divide) -> None:
    tables = make_county()
    tables["illness"] = pd.DataFrame(columns=["household_id", "occurred_on", "kind"])
    out = divide(write(tmp_path / "records", tables), 3)
    for one in list_partitions(out):
        with open_folder(one.path, checked=True) as opened:
            assert opened.has("illness")
            assert not opened.has("help")


def test_a_lost_file_and_a_changed_one_are_named(divide: Divide, register: Path) -> None:
    out = divide(register, 3)
    first, second, third = list_partitions(out)
    shutil.rmtree(second.path)
    for act in (second.verify, lambda: open_folder(out)):
        with pytest.raises(RecordsError, match=r"Partition 0001 of .* is incomplete: .* is missing"):
            act()
    path = third.path / "income" / "data_0.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    with pytest.raises(RecordsError, match=r"Partition 0002 of .* was changed after .* income/data_0.parquet"):
        third.verify()
    shutil.copy(first.path / "income" / "data_0.parquet", first.path / "income" / "copy.parquet")
    with pytest.raises(RecordsError, match=r"Partition 0000 of .* was changed after .* income/copy.parquet"):
        first.verify()


@pytest.mark.parametrize("content", ["", "[]", '{"partitions": 3}', '{"partitions": {"0000": {}}}'])
def test_a_damaged_list_of_partitions_is_refused(divide: Divide, register: Path, content: str) -> None:
    out = divide(register, 2)
    (out / LIST).write_text(content)
    with pytest.raises(RecordsError, match="is not a list of partitions"):
        open_folder(out)


def test_partitions_replace_only_partitions(tmp_path: Path, divide: Divide, register: Path) -> None:
    out = divide(register, 3)
    with open_checked(register) as opened:
        partition(opened, out, 2)
        assert [one.path.name for one in list_partitions(out)] == ["0000", "0001"]
        other = tmp_path / "other"
        other.mkdir()
        (other / "letter.txt").write_text("keep me")
        for path, words in ((other, "will not be overwritten"), (register / "parts", "lies in the records folder")):
            with pytest.raises(UsageError, match=words):
                partition(opened, path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hash-3", "other"]


def test_nothing_is_left_if_the_writing_fails(tmp_path: Path, register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> None:
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr("riskml.cluster.partition.write_partitions", fail)
    with open_checked(register) as opened, pytest.raises(duckdb.IOException):
        partition(opened, tmp_path / "out", 2)
    assert not list(tmp_path.iterdir())


def test_a_sample_is_the_same_from_records_and_from_partitions(divide: Divide, register: Path) -> None:
    fewer, more = load_records(register, sample=50), load_records(divide(register, 4), sample=90)
    assert (len(fewer), len(more), fewer.sampled_from) == (50, 90, 300)
    assert set(fewer.household_id) < set(more.household_id)
    again = load_records(divide(register, 3), sample=50)
    assert again.fingerprint == fewer.fingerprint
    whole = build_features(Records.load(register), AGED)
    rows = np.isin(whole.household_id, fewer.household_id)
    assert_same(stack([build_features(fewer, AGED), whole.take(rows)]).take(np.arange(50)), whole.take(rows))
    everybody = load_records(register, sample=10_000)
    assert everybody.sampled_from is None
    assert everybody.fingerprint == Records.load(register).fingerprint


def test_truth_is_found_for_partitions(divide: Divide, register: Path) -> None:
    from riskml.splits import Settings

    whole, divided = (read_truth(path, Settings(), "probability") for path in (register, divide(register, 2)))
    assert whole is not None
    assert divided is not None
    assert divided.equals(whole)


def test_the_list_states_the_households(divide: Divide, register: Path) -> None:
    listed = json.loads((divide(register, 3) / LIST).read_text())
    assert listed["by"] == "hash"
    assert sum(one["households"] for one in listed["partitions"].values()) == 300
