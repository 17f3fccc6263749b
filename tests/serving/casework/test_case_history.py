"""Clues, visits, facts, rows of departments, second looks, splits, mergers and closures at random: no clue is lost,
no fact counts twice, the history is complete, the audit is whole, and nobody outside the region sees or writes."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from riskml_serving.base.database import reading, writing
from riskml_serving.casework.visits.service import undo
from riskml_serving.judging.act import Act
from riskml_serving.people.audit.chain import find_faults
from riskml_serving.people.audit.repository import read_all
from riskml_serving.people.auth import Caller

HERE, THERE, TODAY = "370112001001", "370112002001", dt.date(2023, 6, 30)
TABLES = ("illness", "events", "disaster", "help")
DAYS = st.integers(1, 30).map(lambda day: f"2023-06-{day:02}")  # all bills are at most 31 days apart: they are one bill
NUMBERS = itertools.count(1)


def make_machine(client, model, whole, here, there):
    """Make the machine for a service, with headers of keys for the county, for a town, and for another town."""

    class Case(RuleBasedStateMachine):
        def post(self, path, body, status=201):
            answer = client.post(path.format(self.code), json=body, headers=here)
            assert answer.status_code == status, (path, body, answer.text)
            return answer.json()

        def add_household(self):
            code = f"m{next(NUMBERS)}"
            household = {"household_id": code, "region_code": HERE, "size": 3}
            income = {"household_id": code, "period_start": "2022-06-01", "months": 12, "source": "total"}
            tables = {
                "households": [household],
                "income": [{**income, "amount": 60000}],
                **{name: [] for name in TABLES},
            }
            assert client.post("/v1/records", json={"tables": tables}, headers=whole).status_code == 200
            return code

        def start(self, code):
            """Begin the history of a household, which has neither visits nor rows of its own."""
            self.code, self.clues, self.visits, self.rows = code, [], [], {}
            self.helped = self.looked = 0
            self.starts = {}  # measure: the days on which help began, as staff stated it and as a department's row does

        @initialize()
        def register(self):
            self.other, self.apart = None, {}
            self.start(self.add_household())

        def read_clues(self, code):
            """Read the states of a household's clues, by number."""
            listed = client.get("/v1/clues?limit=200", headers=here).json()["clues"]
            assert len(listed) < 200, "the machine reads all of them"
            return {one["clue_id"]: one["state"] for one in listed if one.get("household_id") == code}

        def close(self, code, because, *followers):
            body = {"because": because, "followed_by": followers}
            answer = client.post(f"/v1/households/{code}/closure", json=body, headers=here)
            assert answer.status_code == 200, answer.text

        @rule(what=st.sampled_from(("illness", "job_loss", "income_fall")))
        def report(self, what):
            body = {"household_id": self.code, "what": what, "channel": "hotline", "amount": 9800}
            self.clues.append(self.post("/v1/clues", body)["clue"]["clue_id"])

        @rule(outcome=st.sampled_from(("confirmed", "rejected", "pending", "not_met")), bill=DAYS | st.none())
        def visit(self, outcome, bill):
            body = {"outcome": outcome, "reason": "not_so"} if outcome == "rejected" else {"outcome": outcome}
            if bill and outcome != "not_met":
                body["facts"] = [{"fact": "bill", "kind": "inpatient", "amount": 1000 + len(self.visits), "day": bill}]
            saved = self.post("/v1/households/{}/verifications", body)["verification"]
            self.visits.append({**body, "id": saved["verification_id"], "clues": len(self.clues), "undone": False})

        @precondition(lambda self: self.visits and not self.visits[-1]["undone"])
        @rule()
        def undo_last(self):
            with writing(client.app.state.engine) as connection:
                who = connection.execute(
                    text("SELECT created_by FROM verifications ORDER BY verification_id DESC LIMIT 1")
                ).scalar_one()
                caller = Caller(who, "", frozenset(("read", "write")))
                undo(Act(connection, caller, TODAY, "undo", lambda: model), self.code, self.visits[-1]["id"])
            self.visits[-1]["undone"] = True
            self.starts.pop(self.visits[-1].get("help"), None)

        @rule(day=DAYS, number=st.integers(1, 3), withdrawn=st.booleans())
        def deliver(self, day, number, withdrawn):
            row = {"household_id": self.code, "kind": "inpatient", "occurred_on": day, "self_paid": 500 + number}
            row |= {"record_id": f"{self.code}-{number}", "withdrawn": withdrawn}
            self.post("/v1/records", {"tables": {"illness": [row]}}, 200)
            self.rows[number] = None if withdrawn else 500.0 + number

        @rule(day=DAYS)
        def find_help(self, day):
            measure = f"公益岗位{next(NUMBERS)}"
            body = {"outcome": "pending", "facts": [{"fact": "help", "measure": measure, "day": day}]}
            saved = self.post("/v1/households/{}/verifications", body)["verification"]
            about = {"outcome": "pending", "help": measure, "clues": len(self.clues), "undone": False}
            self.visits.append({**about, "id": saved["verification_id"]})
            self.starts[measure] = [day, None]

        @rule(day=DAYS, number=st.integers(1, 2), withdrawn=st.booleans())
        def deliver_help(self, day, number, withdrawn):
            row = {"household_id": self.code, "measure": f"低保{number}", "started_on": day, "withdrawn": withdrawn}
            self.post("/v1/records", {"tables": {"help": [row | {"record_id": f"{self.code}-help-{number}"}]}}, 200)
            self.starts.setdefault(row["measure"], [None, None])[1] = None if withdrawn else day

        @rule()
        def help(self):
            body = {"measure": f"临时救助{self.helped}", "given_by": "民政局", "started_on": "2023-06-01"}
            assert self.post("/v1/households/{}/help", body)["help"]["due_on"] == "2023-09-01"
            self.helped += 1

        @precondition(lambda self: self.helped)
        @rule(result=st.sampled_from(("working", "not_working")))
        def look_again(self, result):
            body = {"outcome": "pending", "reassessment": result}
            saved = self.post("/v1/households/{}/verifications", body)["verification"]
            self.visits.append({**body, "id": saved["verification_id"], "clues": len(self.clues), "undone": False})
            self.looked = self.helped

        @precondition(lambda self: self.other is None)
        @rule(first=st.booleans())
        def split(self, first):
            is_open = [state == "open" for state in self.read_clues(self.code).values()]
            page = client.get(f"/v1/households/{self.code}", headers=here).json()
            due = client.get("/v1/reassessments?limit=200", headers=here).json()["households"]
            failing = any(one["failing"] for one in due if one["household_id"] == self.code)
            going = [one for one in page["help"] if failing or not one["reassessed"]]
            helped = sum(one["given_by"] is not None for one in going)
            old, both = self.code, [self.add_household(), self.add_household()]
            self.close(old, "split", *both)
            assert "open" not in self.read_clues(old).values(), "no open clue stays behind"
            homes = both if first else both[::-1]
            self.start(homes[0])
            self.other, own = homes[1], [self.read_clues(code) for code in homes]
            assert [[*one.values()] for one in own] == [["open"] * sum(is_open)] * 2
            self.clues, self.helped = [*own[0]], helped
            self.starts = {one["measure"]: [one["started_on"], None] for one in going if one["given_by"] is None}
            self.apart = dict(zip(own[1], own[0], strict=True))  # the same reports, in the same order
            after = client.get(f"/v1/households/{old}", headers=here).json()
            assert after["verifications"] == page["verifications"], "the history of the old household stays"
            assert after["help"] == page["help"]

        @precondition(lambda self: self.other)
        @rule()
        def merge(self):
            before = self.read_clues(self.code)
            new = [clue for clue, same in self.apart.items() if before.get(same) != "open"]
            self.close(self.other, "merged", self.code)
            assert self.read_clues(self.other) == {}
            self.clues += new
            self.other, self.apart = None, {}

        @rule()
        def close_for_good(self):
            """A closed household takes nothing new, but its clues can be settled."""
            before = self.read_clues(self.code)
            self.close(self.code, "died_out")
            self.post("/v1/clues", {"household_id": self.code, "what": "job_loss", "channel": "hotline"}, 409)
            self.post("/v1/households/{}/help", {"measure": "x", "given_by": "y", "started_on": "2023-06-01"}, 409)
            row = {"household_id": self.code, "kind": "inpatient", "occurred_on": "2023-06-01"}
            self.post("/v1/records", {"tables": {"illness": [row]}}, 409)
            assert self.read_clues(self.code) == before
            self.post("/v1/households/{}/verifications", {"outcome": "confirmed"})
            assert "open" not in self.read_clues(self.code).values()
            self.register()

        @rule(path=st.sampled_from(("verifications", "help", "closure")))
        def strangers_neither_see_nor_write(self, path):
            body = {
                "verifications": {"outcome": "pending"},
                "help": {"measure": "x", "given_by": "y", "started_on": "2023-06-01"},
                "closure": {"because": "died_out"},
            }[path]
            assert client.post(f"/v1/households/{self.code}/{path}", json=body, headers=there).status_code == 404
            clue = {"household_id": self.code, "what": "job_loss", "channel": "hotline"}
            assert client.post("/v1/clues", json=clue, headers=there).status_code == 404
            assert client.get(f"/v1/households/{self.code}", headers=there).status_code == 404
            assert client.get("/v1/clues", headers=there).json()["clues"] == []

        @invariant()
        def nothing_counts_twice(self):
            stated = [one["facts"][0]["amount"] for one in self.visits if one.get("facts") and not one["undone"]]
            delivered = sorted(amount for amount in self.rows.values() if amount)
            with reading(client.app.state.engine) as connection:
                rows = connection.execute(
                    text("SELECT record_id, self_paid, withdrawn FROM record_illness WHERE household_id = :h "
                         "AND NOT superseded ORDER BY recorded_on, row_id"), {"h": self.code}
                ).all()  # fmt: skip
            last = {row.record_id: row for row in rows}
            assert sorted(row.self_paid for row in last.values() if not row.withdrawn) == (delivered or stated[-1:])

        @invariant()
        def no_clue_is_lost_and_the_history_is_complete(self):
            page = client.get(f"/v1/households/{self.code}", headers=here).json()
            assert [one["verification_id"] for one in page["verifications"]] == [
                one["id"] for one in reversed(self.visits) if not one["undone"]
            ]
            assert [one["reassessed"] for one in reversed(page["help"]) if one["given_by"]] == [
                i < self.looked for i in range(self.helped)
            ] or any(one["undone"] for one in self.visits if "reassessment" in one)
            expected = {measure: row or stated for measure, (stated, row) in self.starts.items() if row or stated}
            assert sorted(expected.items()) == sorted(
                (one["measure"], one["started_on"]) for one in page["help"] if not one["given_by"]
            ), "help is looked at again once, whoever stated it"
            own = self.read_clues(self.code)
            assert own.keys() == set(self.clues)
            assert len(own) == len(self.clues)
            for i, clue in enumerate(self.clues):
                later = [one for one in self.visits if one["clues"] > i and not one["undone"]]
                settled = any(one["outcome"] in ("confirmed", "rejected") for one in later)
                assert (own[clue] == "open") != settled

        def teardown(self):
            with reading(client.app.state.engine) as connection:
                assert list(find_faults(read_all(connection))) == []
                stored = connection.execute(
                    text("SELECT count(*) FROM case_facts WHERE household_id = :h AND kind = 'bill'"), {"h": self.code}
                ).scalar_one()
            assert stored == sum("facts" in one for one in self.visits)

    return Case


@pytest.fixture
def machine(client, model, key):
    return make_machine(client, model, key(), key("370112001"), key("370112002"))


def test_the_history_of_a_household_is_complete_and_counts_everything_once(machine):
    chosen = settings(max_examples=6, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=chosen)
