"""Steps of the machine that change something; each request is compared with the reference."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.serving.machine.reference import (
    ACCEPTED,
    CONFLICT,
    INVALID,
    OK,
    UNKNOWN,
    Job,
    Key,
    Reference,
    Visit,
)
from tests.serving.machine.service import AT_ONCE, DIGITS, KEYS, PART, Service

from riskml_serving.base.database import writing
from riskml_serving.people.auth.service import create_key

WHO = st.sampled_from((0, 0, 1, 1, 1, 2, 2, 5, 5, 8, *range(len(KEYS))))  # keys that may write more often
HOME = st.sampled_from((0, 0, 1, 1, 2, 3, 4, 5))  # the first four are registered at the beginning
WHERE = st.sampled_from(("A001001", "A001002", "A002001", "B001001"))
AREA = st.sampled_from(("A", "A001", "A001001", "A002", "B"))
INCOME = st.sampled_from((60_000.0, 60_000.0, 9_000.0, None))
BILLS = st.dictionaries(st.integers(1, 2), st.sampled_from((300.0, 54_000.0, 0.0)), max_size=2)
TURN = st.booleans()
CODE, REGION = re.compile(r"\bm\d+x\d\b"), re.compile(r'"region(?:_code)?":"(\d+)"')


def make_tables(rows, recorded):
    """Make the tables of a request from each household's region, income and bills."""
    tables = {}
    for code, row in rows.items():
        home = {"household_id": code, **recorded}
        if "region" in row:
            tables.setdefault("households", []).append({**home, "region_code": row["region"], "size": 3})
        if "income" in row:
            period = {"period_start": "2022-06-01", "months": 12, "source": "total", "record_id": f"{code}-i"}
            tables.setdefault("income", []).append({**home, **period, "amount": row["income"]})
        for name, amount in row.get("bills", {}).items():
            bill = {"kind": "inpatient", "occurred_on": "2023-05-10", "record_id": f"{code}-b{name}"}
            drop = {"withdrawn": True} if not amount else {}
            tables.setdefault("illness", []).append({**home, **bill, "self_paid": amount, **drop})
    return tables


class Writing(RuleBasedStateMachine):
    """Sends requests that change something."""

    service: Service
    steps = 0
    """Steps in which a request was compared with the reference, a key was revoked, or the service restarted."""
    acted = False
    answers: Counter

    @initialize()
    def begin(self):
        number = next(self.service.numbers)
        self.names = {"A": f"{100_000 + 2 * number}", "B": f"{100_001 + 2 * number}"}
        self.codes = [f"m{number}x{i}" for i in range(6)]
        self.reference, self.sent, self.cursors, self.restarts = Reference(AT_ONCE, DIGITS, PART), [], {}, 0
        self.keys, self.mirrors = [], {}
        with writing(self.service.engine) as connection:
            for digits, rights in KEYS:
                region = self.names["B"] if digits is None else self.expand("A001001")[:digits]
                token = create_key(connection, "machine", region, rights)
                headers = {"Authorization": f"Bearer {token}"}
                self.keys.append(Key(region, frozenset(rights), headers, token.split("_")[1]))
        for i, where in enumerate(("A001001", "A001002", "A002001", "B001001")):
            self.send_records(i % 2, 0, {self.codes[i]: {"region": self.expand(where), "income": 60_000.0}})
        self.acted = False  # the beginning is no step

    def expand(self, name):
        return self.names[name[0]] + name[1:]

    # -- sending and comparing -------------------------------------------------------------------------------------

    def ask(self, turn, key, method, path, want, body=None, once=None):
        """Send a request to one of the two instances, and compare its response with what the reference says."""
        headers = {**key.headers, **({"Idempotency-Key": once} if once else {})}
        response, self.acted = self.service.clients[turn].request(method, path, json=body, headers=headers), True
        status, kind = want
        self.answers[f"{method} {path.split('?')[0].split('/')[-1 if path.count('/') > 3 else 2]} {status} {kind}"] += 1
        assert response.status_code == status, (method, path, body, want, response.text)
        if kind:
            assert response.json()["type"] == f"urn:riskml:problem:{kind}", (method, path, body, response.text)
        past = path.startswith("/v1/changes") or "/results" in path  # tell what was so when a household lived there
        self.require_no_leak(key, response.text, f"{path} {body}", ever=past)
        if once and status < 300:
            self.sent.append((key, method, path, body, once, response))
        return response

    def require_no_leak(self, key, text, sent, *, ever):
        for code in {*CODE.findall(text)} - {*CODE.findall(sent)}:
            house = self.reference.houses[code]
            regions = house.lived if ever else {house.region}
            assert any(key.covers(region) for region in regions), (code, house, key, text)
        for region in {*REGION.findall(text)} - {*re.findall(r"\d+", sent)}:
            assert key.covers(region), (region, key, text)

    # -- writing ---------------------------------------------------------------------------------------------------

    def send_records(self, turn, who, rows, *, area=None, once=None, early=False):
        key = self.keys[who]
        recorded = {"recorded_on": "2023-05-31"} if early else {}
        tables = make_tables(rows, recorded)
        struck = () if area is None else (self.expand(area),)
        if area:
            storm = {"region_code": struck[0], "kind": "hail", "occurred_on": "2023-05-20", **recorded}
            tables["disaster"] = [storm]
        before = {code: house.status for code, house in self.reference.houses.items()}
        want = self.reference.deliver(key, rows, early=early, struck=struck)
        response = self.ask(turn, key, "POST", "/v1/records", want, {"tables": tables}, once)
        if want == ACCEPTED:
            number = response.json()["job"]
            homes = {*rows}
            self.add_job(response, Job("rescore", key.region, key, -1, homes, struck), number)
        elif want == OK and "read" in key.rights:
            scores = {one["household_id"]: one for one in response.json()["scores"]}
            assert scores.keys() >= rows.keys()
            for code, one in scores.items():
                assert one["after"]["status"] == self.reference.houses[code].status
                if before.get(code) != UNKNOWN:
                    assert (one["before"] or {}).get("status") == before.get(code)

    def add_job(self, response, job, number):
        assert response.headers["location"] == f"/v1/jobs/{number}"
        self.reference.jobs[number] = job

    @rule(turn=TURN, who=WHO, home=HOME, where=WHERE, income=INCOME, once=TURN)
    def register_or_move(self, turn, who, home, where, income, once):
        row = {"region": self.expand(where), "income": income}
        name = f"r{len(self.sent)}" if once else None
        self.send_records(turn, who, {self.codes[home]: row}, once=name)

    @rule(turn=TURN, who=WHO, homes=st.sets(HOME, min_size=1, max_size=5), where=WHERE, bills=BILLS)
    def deliver_many(self, turn, who, homes, where, bills):
        row = {"region": self.expand(where), "income": 60_000.0, "bills": bills}
        self.send_records(turn, who, {self.codes[home]: row for home in sorted(homes)})

    @rule(turn=TURN, who=WHO, home=HOME, income=INCOME, bills=BILLS, early=st.sampled_from((False,) * 9 + (True,)))
    def correct_or_withdraw(self, turn, who, home, income, bills, early):
        self.send_records(turn, who, {self.codes[home]: {"income": income, "bills": bills}}, early=early)

    @rule(turn=TURN, who=WHO, area=AREA)
    def strike(self, turn, who, area):
        self.send_records(turn, who, {}, area=area)

    @rule(
        turn=TURN, who=WHO, home=HOME, after=st.lists(HOME, max_size=2, unique=True),
        why=st.sampled_from(("moved_away", "split", "merged", "died_out")), once=TURN,
    )  # fmt: skip
    def close_household(self, turn, who, home, after, why, once):
        key, code = self.keys[who], self.codes[home]
        followers = tuple(self.codes[one] for one in after)
        want = self.reference.close(key, code, why, followers)
        body = {"because": why, "followed_by": list(followers)}
        name = f"c{len(self.sent)}" if once else None
        self.ask(turn, key, "POST", f"/v1/households/{code}/closure", want, body, name)

    @rule(
        turn=TURN, who=WHO, home=HOME, outcome=st.sampled_from(("confirmed", "rejected", "pending", "not_met")),
        category=st.sampled_from((None, None, "borderline")), reason=TURN, seen=st.sampled_from((None, None, 0, 1)),
    )  # fmt: skip
    def visit(self, turn, who, home, outcome, category, reason, seen):
        key, code = self.keys[who], self.codes[home]
        house, body = self.reference.houses.get(code), {"outcome": outcome}
        if category:
            body["category"] = category
        if reason == (outcome == "rejected") or (outcome == "rejected" and category):
            body |= {"reason": "not_so"} if outcome == "rejected" else {}
        if seen is not None:  # the last finding, or the one before it
            visits = [] if house is None else house.visits
            body["seen"] = visits[-1 - seen].number if len(visits) > seen else "0"
        want = self.reference.verify(key, code, body)
        response = self.ask(turn, key, "POST", f"/v1/households/{code}/verifications", want, body)
        if want[0] == 201:
            number = response.json()["verification"]["verification_id"]
            house.visits.append(Visit(number, outcome, category, len(house.clues)))

    @rule(turn=TURN, who=WHO, home=HOME)
    def begin_help(self, turn, who, home):
        key, code = self.keys[who], self.codes[home]
        measure = f"临时救助{next(self.service.numbers)}"
        body = {"measure": measure, "given_by": "民政局", "started_on": "2023-05-01"}
        want = self.reference.help(key, code, measure)
        self.ask(turn, key, "POST", f"/v1/households/{code}/help", want, body)

    @rule(turn=TURN, who=WHO, home=HOME, what=st.sampled_from(("illness", "job_loss")))
    def report(self, turn, who, home, what):
        key, code = self.keys[who], self.codes[home]
        want = self.reference.report(key, code)
        self.ask(turn, key, "POST", "/v1/clues", want, {"household_id": code, "what": what, "channel": "hotline"})

    @precondition(lambda self: self.sent)
    @rule(turn=TURN, pick=st.integers(0, 30), other=st.sampled_from((False, False, True)))
    def replay(self, turn, pick, other):
        key, method, path, body, once, first = self.sent[pick % len(self.sent)]
        changed = {**body, "note": "x"} if other else body
        want = CONFLICT if other else (first.status_code, "")
        headers = {**key.headers, "Idempotency-Key": once}
        response, self.acted = self.service.clients[turn].request(method, path, json=changed, headers=headers), True
        if key.revoked:
            assert response.status_code == 401
        elif other:  # a body that is refused as such never gets as far as its key
            assert response.status_code in (want[0], INVALID[0]), response.text
        else:
            assert (response.status_code, response.content) == (first.status_code, first.content)
            assert response.headers["idempotent-replayed"] == "true"
