"""Requests that are judged together get exactly the verdicts and reasons that each of them gets alone."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from riskml.errors import RecordsError
from riskml.records.contract.schema import TABLES
from riskml_serving.judging.batch_judge import MOST_REQUESTS, BatchJudge, Share
from riskml_serving.judging.judge import judge_tables
from riskml_serving.store.records.columns import EMPTY, to_columns

TODAY = dt.date(2023, 6, 30)
EVERY_TABLE = tuple(TABLES)
INCOME = [{"household_id": "h", "source": "total", "period_start": dt.date(2022, 7, 1), "months": 12, "amount": 9000.0}]


def make_tables(rows, names=EVERY_TABLE):
    return {name: to_columns(rows.get(name, [])) or EMPTY[name] for name in names} | {"lines": EMPTY["lines"]}


def take_request(select_tables, *codes, names=EVERY_TABLE):
    """Return the tables of households, which are renamed so that all requests use the same codes."""
    new = {code: f"h {n}" for n, code in enumerate(codes)}
    rows = {}
    for name, part in select_tables(*codes).items():
        days = {c.name for c in TABLES[name].columns if c.kind in ("date", "month_start")}
        declared = TABLES[name].names
        own = [row for row in part if row.get("household_id")]
        rows[name] = [
            {
                column: dt.date.fromisoformat(cell) if column in days and cell else cell
                for column, cell in {**row, "household_id": new[row["household_id"]]}.items()
                if column in declared
            }
            for row in own
        ]
        for n, row in enumerate(rows[name]):
            if "record_id" in declared and n % 3:
                row["record_id"] = f"r{n}"
    return make_tables(rows, names)


def judge_at_once(model, requests, as_of=TODAY):
    judge = BatchJudge()

    async def run():
        return await asyncio.gather(*(judge.judge(model, tables, as_of) for tables in requests), return_exceptions=True)

    return asyncio.run(run())


def read_share(share):
    explanations = [share.explain(i, ("health",)).to_json() for i in share.rows]
    return list(share.rows.values()), share.unknown, share.as_of, explanations


def read_alone(model, tables, as_of=TODAY):
    return read_share(Share.whole(judge_tables(model, tables, as_of)))


def test_requests_with_the_same_codes_do_not_mix(model, county_rows, select_tables):
    codes = sorted({row["household_id"] for row in county_rows["households"]})
    groups = [codes[start : start + 1 + start % 3] for start in range(0, 70, 5)]
    requests = [take_request(select_tables, *group) for group in groups]
    shares = judge_at_once(model, requests)
    assert len({id(share.judged) for share in shares}) == 1
    assert [read_share(share) for share in shares] == [read_alone(model, tables) for tables in requests]
    assert len({str(list(share.rows.values())) for share in shares}) > 10


@pytest.mark.parametrize("nobody", [{"household_id": None}, {}], ids=["null", "left out"])
def test_only_requests_that_cannot_affect_one_another_are_judged_together(model, county_rows, select_tables, nobody):
    codes = sorted({row["household_id"] for row in county_rows["households"]})[:12]
    plain = [take_request(select_tables, code) for code in codes]
    attribute = {
        **plain[0],
        "households": {**plain[0]["households"], "roof": ["brick"] * len(plain[0]["households"]["size"])},
    }
    flood = {**nobody, "region_code": "", "occurred_on": dt.date(2023, 5, 1), "kind": "flood"}
    flood["region_code"] = plain[1]["households"]["region_code"][0][:6]
    struck = {**plain[1], "disaster": to_columns([flood])}
    own_line = {
        **plain[2],
        "lines": {"region_code": [""], "effective_from": [dt.date(2020, 1, 1)], "amount": [30000.0]},
    }
    fewer = take_request(select_tables, codes[3], names=("households", "income"))
    requests = [attribute, struck, own_line, fewer, *plain[4:]]
    shares = judge_at_once(model, requests)
    assert [shares.count(share) for share in shares[:4]] == [1] * 4
    assert len({id(share.judged) for share in shares}) == 5
    assert [read_share(share) for share in shares] == [read_alone(model, tables) for tables in requests]


def test_households_that_are_not_known_yet_are_named_in_their_own_request(model):
    later = {"household_id": "new", "region_code": "37", "size": 2, "recorded_on": dt.date(2023, 7, 1)}
    here = {"household_id": "h", "region_code": "37", "size": 2}
    requests = [
        make_tables({"households": rows, "income": INCOME}, ("households", "income"))
        for rows in ([here], [{**here, "recorded_on": dt.date(2022, 1, 1)}, later], [later])
    ]
    shares = judge_at_once(model, requests)
    assert len({id(share.judged) for share in shares}) == 1
    assert [share.unknown for share in shares] == [[], ["new"], ["new"]]
    assert [read_share(share) for share in shares] == [read_alone(model, tables) for tables in requests]


def test_a_request_that_cannot_be_used_fails_alone(model):
    good = {"households": [{"household_id": "h", "region_code": "37", "size": 2}], "income": INCOME}
    bad = {**good, "income": [{**INCOME[0], "source": "lottery"}]}
    names = ("households", "income")
    first, wrong, last = judge_at_once(model, [make_tables(rows, names) for rows in (good, bad, good)])
    assert isinstance(wrong, RecordsError)
    assert read_share(first) == read_share(last) == read_alone(model, make_tables(good, names))


def test_a_request_whose_client_has_gone_does_not_stop_the_others(model):
    rows = {"households": [{"household_id": "h", "region_code": "37", "size": 2}], "income": INCOME}
    judge, tables = BatchJudge(), make_tables(rows, ("households", "income"))

    async def run():
        tasks = [asyncio.create_task(judge.judge(model, tables, TODAY)) for _ in range(2 * MOST_REQUESTS + 1)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(run())
    assert isinstance(answers.pop(1), asyncio.CancelledError)
    assert {str(share.rows.values()) for share in answers} == {str(answers[0].rows.values())}
    with pytest.raises(RecordsError):
        asyncio.run(judge.judge(model, {**tables, "income": {"source": ["total"]}}, TODAY))
