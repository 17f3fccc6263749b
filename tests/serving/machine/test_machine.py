"""The service held against a reference that states its rules itself (`reference.py`), one request after the other.

Two instances of the service share a database; the worker works when the machine says so. Every response is compared
with the reference, and none may name a household or a region that its key does not cover.

`make test` makes some hundred steps; `make machine STEPS=...` sets ``RISKML_MACHINE`` and writes a report.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from tests.campaigns.slices import note, read_seed
from tests.serving.machine.reference import ABSENT, ACCEPTED, NO_REGION, OK, UNKNOWN, UNSCORED, House, Job
from tests.serving.machine.service import Service
from tests.serving.machine.writing import AREA, HOME, TURN, WHERE, WHO, Writing, make_tables

from riskml_serving.base.database import writing
from riskml_serving.people.auth.service import revoke_key

LONG = int(os.environ.get("RISKML_MACHINE", "0"))
"""Steps on each database in a long run; 0 means a short run."""


class Machine(Writing):
    """Adds requests that read, jobs, a key that is revoked, and restarts."""

    # -- reading ---------------------------------------------------------------------------------------------------

    @rule(turn=TURN, who=WHO, home=HOME)
    def read_household(self, turn, who, home):
        key, code = self.keys[who], self.codes[home]
        house = self.reference.find(key, code)
        want = self.reference.enter(key, "read") or (OK if house else ABSENT)
        response = self.ask(turn, key, "GET", f"/v1/households/{code}", want)
        if want != OK:
            return
        page = response.json()
        assert (page["region_code"], page["closed_because"]) == (house.region, house.closed)
        if house.status != UNKNOWN:
            assert (page["score"] or {}).get("status") == house.status
        assert [one["verification_id"] for one in page["verifications"]] == [
            one.number for one in reversed(house.visits)
        ]
        helps = Counter(self.reference.list_help(key, house))
        assert Counter(one["measure"] for one in page["help"]) == helps
        near = [one for one in house.followers if self.reference.find(key, one)]
        assert (page["followed_by"], page["followed_elsewhere"]) == (near, len(house.followers) - len(near))

    def ask_about(self, key, area):
        """Return a region's code, and what a key that asks about it must be answered."""
        code = self.expand(area)
        return code, self.reference.enter(key, "read") or (OK if key.covers(code) else NO_REGION)

    @rule(turn=TURN, who=WHO, area=AREA, limit=st.sampled_from((2, 50)))
    def list_households(self, turn, who, area, limit):
        key = self.keys[who]
        region, want = self.ask_about(key, area)
        rows, after = [], ""
        while after is not None:
            path = f"/v1/households?region={region}&limit={limit}" + (f"&after={after}" if after else "")
            response = self.ask(turn, key, "GET", path, want)
            if want != OK:
                return
            rows += response.json()["households"]
            after = response.json()["next"]
        listed = {one["household_id"]: (one["region_code"], one["status"]) for one in rows}
        assert len(listed) == len(rows)
        for house in self.reference.houses.values():
            if house.status != UNKNOWN:
                there = house.status is not None and house.region.startswith(region)
                assert listed.get(house.code) == ((house.region, house.status) if there else None), house

    @rule(turn=TURN, who=WHO, area=AREA)
    def count(self, turn, who, area):
        key = self.keys[who]
        region, want = self.ask_about(key, area)
        response = self.ask(turn, key, "GET", f"/v1/regions/{region}/summary", want)
        there = [one.status for one in self.reference.list_open(region) if one.status]
        if want == OK and UNKNOWN not in there:
            assert response.json()["by_status"] == Counter(there)

    @rule(turn=TURN, who=WHO, area=AREA, state=st.sampled_from((None, "open")))
    def read_clues(self, turn, who, area, state):
        key = self.keys[who]
        region, want = self.ask_about(key, area)
        path = f"/v1/clues?region={region}&limit=200" + (f"&state={state}" if state else "")
        response = self.ask(turn, key, "GET", path, want)
        if want == OK:
            rows = response.json()["clues"]
            wanted = self.reference.count_clues(region)
            wanted = Counter({one: n for one, n in wanted.items() if one[1] or not state})
            assert Counter((one.get("household_id"), one["state"] == "open") for one in rows) == wanted

    @rule(turn=TURN, who=WHO, area=AREA)
    def follow_changes(self, turn, who, area):
        """Whoever reads all changes knows at every time which households live in a region, and their status."""
        key = self.keys[who]
        region, want = self.ask_about(key, area)
        mirror, more = self.mirrors.setdefault(region, {}), True
        while more:
            since = self.cursors.get(region, "0")
            response = self.ask(turn, key, "GET", f"/v1/changes?region={region}&since={since}&limit=20", want)
            if want != OK:
                return
            answer = response.json()
            self.cursors[region], more = answer["next"], answer["more"]
            for one in answer["changes"]:
                mirror[one["household_id"]] = one["status"] if one["change"] in ("scored", "moved") else None
        for house in self.reference.houses.values():
            if house.status != UNKNOWN:
                there = house.status if house.region.startswith(region) else None
                assert mirror.get(house.code) == there, (house, region)

    @rule(turn=TURN, who=WHO, home=HOME)
    def explain(self, turn, who, home):
        key, code = self.keys[who], self.codes[home]
        house = self.reference.find(key, code)
        want = self.reference.enter(key, "read") or (ABSENT if house is None else OK)
        if want == OK and house.status == UNKNOWN:
            return
        if want == OK and house.status is None:
            want = UNSCORED
        response = self.ask(turn, key, "GET", f"/v1/households/{code}/explanation", want)
        if want == OK:
            assert response.json()["explanation"]["status"] == house.judge()

    @rule(turn=TURN, who=WHO, home=HOME, where=WHERE)
    def score_on_request(self, turn, who, home, where):
        """Records in a request give what the same records give that are stored, and the household need not exist."""
        key, code, region = self.keys[who], self.codes[home], self.expand(where)
        house = self.reference.houses.get(code) or House(code, region, income=60_000.0)
        tables = make_tables({code: {"region": region, "income": house.income, "bills": house.bills}}, {})
        want = self.reference.enter(key, "score") or (OK if key.covers(region) else ABSENT)
        response = self.ask(turn, key, "POST", "/v1/scores", want, {"tables": tables})
        if want == OK:
            assert [one["status"] for one in response.json()["scores"]] == [house.judge()]

    @rule(turn=TURN, who=WHO, area=AREA)
    def export_findings(self, turn, who, area):
        key = self.keys[who]
        region, want = self.ask_about(key, area)
        response = self.ask(turn, key, "GET", f"/v1/verifications/monitoring?region={region}&limit=200", want)
        if want == OK:
            homes = [one for one in self.reference.houses.values() if one.region.startswith(region)]
            wanted = sorted(one.code for one in homes for visit in one.visits if visit.category)
            assert sorted(one["household_id"] for one in response.json()["monitoring"]) == wanted

    # -- jobs, keys, restarts --------------------------------------------------------------------------------------

    @rule(turn=TURN, who=WHO, area=st.none() | AREA, future=st.sampled_from((False,) * 9 + (True,)), once=TURN)
    def start_job(self, turn, who, area, future, once):
        key = self.keys[who]
        if area is None and not key.region:
            area = "A"  # the whole country is everybody's
        region = None if area is None else self.expand(area)
        want = self.reference.start(key, region, future=future)
        body = {**({"region": region} if region else {}), **({"as_of": "2030-01-01"} if future else {})}
        name = f"j{len(self.sent)}" if once else None
        response = self.ask(turn, key, "POST", "/v1/batches", want, body, name)
        if want == ACCEPTED:
            number, job = response.json()["job"], Job("score", region or key.region, key, 0)
            assert response.json()["total"] == len(self.reference.list_open(job.region))
            self.add_job(response, job, number)

    @precondition(lambda self: self.reference.jobs)
    @rule(turn=TURN, who=WHO, pick=st.integers(0, 10), what=st.sampled_from(("read", "results", "cancel")))
    def use_job(self, turn, who, pick, what):
        key = self.keys[who]
        number = list(self.reference.jobs)[pick % len(self.reference.jobs)]
        path = f"/v1/jobs/{number}"
        if what == "cancel":
            self.ask(turn, key, "DELETE", path, self.reference.cancel(key, number))
        elif what == "results":
            self.read_results(turn, key, number)
        elif (want := self.reference.read_job(key, number)) == OK:
            page, job = self.ask(turn, key, "GET", path, want).json(), self.reference.jobs[number]
            assert (page["kind"], page["state"], page["region"]) == (job.kind, job.state, job.region)
        else:
            self.ask(turn, key, "GET", path, want)

    def read_results(self, turn, key, number):
        want = self.reference.read_results(key, number)
        response = self.ask(turn, key, "GET", f"/v1/jobs/{number}/results?format=csv", want)
        if want == OK:
            rows = csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff")))
            assert {row["household_id"] for row in rows} == self.reference.jobs[number].judged

    @precondition(lambda self: any(job.state == "waiting" for job in self.reference.jobs.values()))
    @rule(turn=TURN, who=WHO, stopped=st.sampled_from((False, False, True)))
    def work(self, turn, who, stopped):
        number, job = next(item for item in self.reference.jobs.items() if item[1].state == "waiting")
        stopped = stopped and not job.stopped
        if stopped:
            self.service.worker.stopping.set()
        self.service.worker.step()
        self.service.worker.stopping.clear()
        self.reference.work(stopped=stopped)
        self.read_results(turn, self.keys[who], number)

    @precondition(lambda self: not self.keys[-1].revoked)
    @rule(really=st.sampled_from((False, False, True)))
    def revoke(self, really):
        if really:
            with writing(self.service.engine) as connection:
                revoke_key(connection, self.keys[-1].key_id)
            self.keys[-1].revoked = self.acted = True

    @precondition(lambda self: not self.restarts)
    @rule(really=st.sampled_from((False,) * 7 + (True,)))
    def restart(self, really):
        if really:
            waiting = any(job.state == "waiting" for job in self.reference.jobs.values())
            self.service.restart(next_day=not waiting)
            self.restarts += 1
            self.acted = True

    @invariant()
    def count_step(self):
        type(self).steps += self.acted
        self.acted = False

    def teardown(self):
        """Leave no jobs to the worker of the next example."""
        with writing(self.service.engine) as connection:
            connection.exec_driver_sql("UPDATE jobs SET state = 'cancelled' WHERE state = 'waiting'")


def run_machine(url, folder, number, steps):
    """Make some steps in a new database; return how many, and how often each answer was expected and given."""
    service = Service(url, folder)
    machine = seed(number)(type("Machine", (Machine,), {"service": service, "steps": 0, "answers": Counter()}))
    chosen = settings(
        max_examples=max(steps // 50, 1), stateful_step_count=min(steps, 50), deadline=None, database=None,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    try:
        run_state_machine_as_test(machine, settings=chosen)
    finally:
        service.close()
    return machine.steps, machine.answers


def test_the_service_does_what_the_reference_says(database_url, tmp_path):
    steps, answers = run_machine(database_url, tmp_path, read_seed(1), LONG or 200)
    assert steps >= (LONG or 200) // 4
    note(database=database_url.partition(":")[0], count=steps, answers=dict(sorted(answers.items())))
