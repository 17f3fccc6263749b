"""Any records get exactly the same scores if sent for scoring, stored first, or scored by riskml without a service."""

from __future__ import annotations

import datetime as dt
import itertools
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.records.contract import schema
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.scoring import judge
from riskml.vocabulary.verdicts import TIERS, name_colour

TODAY = dt.date(2023, 6, 30)
NUMBER = itertools.count()

amounts = st.floats(-2000, 90000).map(lambda x: round(x, 2))
spent = st.one_of(st.none(), st.floats(0, 90000).map(lambda x: round(x, 2)))
days = st.dates(dt.date(2021, 1, 1), TODAY).map(dt.date.isoformat)
months = st.tuples(st.integers(2020, 2023), st.integers(1, 12)).map(lambda ym: f"{ym[0]}-{ym[1]:02d}-01")


def pick_code(table, column):
    return st.sampled_from(schema.list_codes(table, column))


def draw_rows(most, **fields):
    return st.lists(st.fixed_dictionaries(fields), max_size=most)


sources = st.sampled_from(["wage", "business", "property", "transfer"])
income = st.lists(
    st.fixed_dictionaries({"period_start": months, "source": sources, "amount": amounts}),
    max_size=60,
    unique_by=lambda row: (row["period_start"], row["source"]),
)

household = st.fixed_dictionaries(
    {
        "region_code": st.sampled_from(["370112001001", "370112", "130529001001"]),
        "size": st.integers(1, 9),
        "kind": st.one_of(st.none(), pick_code("households", "kind")),
    },
    optional={"roof": st.sampled_from(["brick", "瓦", None]), "mu": st.one_of(st.none(), st.floats(0, 99))},
)
optional = {
    "illness": draw_rows(
        6,
        occurred_on=days,
        kind=pick_code("illness", "kind"),
        visits=st.one_of(st.none(), st.integers(0, 5)),
        cost=spent,
        self_paid=spent,
    ),
    "events": draw_rows(6, occurred_on=days, kind=pick_code("events", "kind"), amount=amounts),
    "help": draw_rows(3, started_on=days, measure=st.sampled_from(["临时救助", "grant"]), emergency=st.booleans()),
    "disaster": draw_rows(3, occurred_on=days, kind=pick_code("disaster", "kind"), loss=spent),
    "members": st.lists(
        st.fixed_dictionaries(
            {
                "member_id": st.sampled_from("abc"),
                "birth_year": st.one_of(st.none(), st.integers(1930, 2022)),
                "labour": st.one_of(st.none(), pick_code("members", "labour")),
                "health": st.one_of(st.none(), pick_code("members", "health")),
            }
        ),
        max_size=3,
        unique_by=lambda row: row["member_id"],
    ),
}
tables = st.fixed_dictionaries({"households": household, "income": income}, optional=optional)


def add_household_id(rows, number):
    who = f"h{number}"
    out = {name: [{"household_id": who, **row} for row in part] for name, part in rows.items() if name != "households"}
    return {"households": [{"household_id": who, **rows["households"]}], **out}


def judge_directly(model, rows):
    columns = {}
    for name, part in rows.items():
        names = [column.name for column in schema.TABLES[name].columns] + [key for row in part[:1] for key in row]
        ready = [{**row, "recorded_on": TODAY} for row in part]
        columns[name] = {key: [row.get(key) for row in ready] for key in dict.fromkeys([*names, "recorded_on"])}
    columns["lines"] = {"region_code": [], "effective_from": [], "amount": []}
    records = Records.from_tables(columns, model.policy.lines)
    return judge(model.bundle, records.panel(to_day(TODAY)), model.policy), records


def read_verdict(opinion):
    return {
        "probability": None if opinion.probability[0] != opinion.probability[0] else float(opinion.probability[0]),
        "tier": None if opinion.tier[0] < 0 else TIERS.codes[opinion.tier[0]],
        "rule_signal": name_colour(opinion.rule_colour[0]),
        "signal": name_colour(opinion.signal[0]),
        "rule_flags": opinion.flags[0].split(";") if opinion.flags[0] else [],
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables)
def test_any_records_get_the_same_verdict_and_reasons_on_every_path(client, key, rows):
    model, headers = client.app.state.holder.current, key()
    rows = add_household_id(rows, next(NUMBER))
    opinion, records = judge_directly(model, rows)
    wanted = read_verdict(opinion)
    dated = {name: [{**row, "recorded_on": TODAY.isoformat()} for row in part] for name, part in rows.items()}
    body = {"as_of": TODAY.isoformat(), "tables": dated, "reasons": True}
    sent = client.post("/v1/scores", json=body, headers=headers)
    assert sent.status_code == 200, sent.text
    scored = sent.json()["scores"][0]
    assert {name: scored[name] for name in wanted} == wanted
    kept = client.post("/v1/records", json={"tables": rows}, headers=headers)
    assert kept.status_code == 200, kept.text
    after = kept.json()["scores"][0]["after"]
    assert {name: after[name] for name in wanted} == wanted
    explained = client.get(f"/v1/households/{rows['households'][0]['household_id']}/explanation", headers=headers)
    reasons = json.loads(json.dumps(model.narrator.explain(records.panel(to_day(TODAY))).to_json()))
    assert explained.json()["explanation"] == reasons == scored["explanation"]
