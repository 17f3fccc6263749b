"""The rules of the service, stated a second time in plain Python: what each request must be answered with.

Nothing here imports the service or the library. A request is answered with a status and, if it is refused, the last
part of the problem's type; a request that is accepted changes the reference as it must change the service.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace

SIZE, LINE = 3, 10_000
"""Members of each household, and a line: the county's lies between the incomes of 3,000 and 20,000 a head used here."""

Answer = tuple[int, str]
OK, CREATED, ACCEPTED = (200, ""), (201, ""), (202, "")
NO_KEY, NO_RIGHT, ABSENT = (401, "not-authenticated"), (403, "right-missing"), (404, "household-not-found")
NO_REGION, NO_JOB, CLOSED = (404, "region-not-found"), (404, "job-not-found"), (409, "household-closed")
INVALID, CONFLICT, CHANGED = (422, "invalid-request"), (409, "idempotency-conflict"), (409, "finding-changed")
ENDED, NO_RESULTS, UNSCORED = (409, "job-ended"), (409, "no-results"), (409, "not-scored")
EARLY = (422, "recorded-too-early")

UNKNOWN = "?"
"""Stands for a score of which nothing is expected, because a job that would write it was stopped half-way."""


@dataclass
class Key:
    region: str
    rights: frozenset[str]
    headers: dict[str, str]
    key_id: str
    revoked: bool = False

    def covers(self, region: str) -> bool:
        return region.startswith(self.region)


@dataclass
class Visit:
    number: str
    outcome: str
    category: str | None
    clues: int  # number of clues that the household had then


@dataclass(frozen=True)
class Clue:
    before: int  # number of visits that came before it
    report: int  # copies of one report have one number


@dataclass
class House:
    code: str
    region: str
    income: float | None = None
    bills: dict[str, float] = field(default_factory=dict)
    status: str | None = None
    """Status of the current score; None if there is none."""
    closed: str | None = None
    followers: tuple[str, ...] = ()
    visits: list[Visit] = field(default_factory=list)
    clues: list[Clue] = field(default_factory=list)
    helps: list[tuple[str, str]] = field(default_factory=list)
    """Measures of help, each with the key under which it was sent."""
    lived: set[str] = field(default_factory=set)
    """Regions where it has lived."""

    def judge(self) -> str:
        if self.income is None:
            return "no_income"
        if self.income / SIZE < LINE:
            return "below_line"
        return "in_hardship" if (self.income - sum(self.bills.values())) / SIZE < LINE else "at_risk"

    def is_open_clue(self, clue: Clue) -> bool:
        """Return whether no later visit has confirmed or rejected a clue."""
        return not any(visit.outcome in ("confirmed", "rejected") for visit in self.visits[clue.before :])


@dataclass
class Job:
    kind: str
    region: str
    author: Key
    total: int
    homes: set[str] = field(default_factory=set)
    struck: tuple[str, ...] = ()
    state: str = "waiting"
    stopped: bool = False
    """Whether its worker was stopped half-way; how far a second such worker would get, the reference does not know."""
    judged: set[str] = field(default_factory=set)


class Reference:
    """Everything that the service must know, for the households of one run.

    Parameters
    ----------
    at_once : int
        Households that a request may affect and still have them scored at once.
    register_digits : int
        Digits of the longest region whose keys may register households.
    part : int
        Households of a job that are judged at a time, in the order of their codes.
    """

    def __init__(self, at_once: int, register_digits: int, part: int) -> None:
        self.at_once, self.register_digits, self.part = at_once, register_digits, part
        self.houses: dict[str, House] = {}
        self.jobs: dict[str, Job] = {}
        self.reports = itertools.count()
        self.repeated: list[str] = []
        """Regions of the households whose copy of a clue met its like in another one."""

    # -- what every request needs --------------------------------------------------------------------------------------

    def enter(self, key: Key, right: str) -> Answer | None:
        """Return the refusal of a key; None if it may pass."""
        if key.revoked:
            return NO_KEY
        return None if right in key.rights else NO_RIGHT

    def find(self, key: Key, code: str) -> House | None:
        """Find a household; to a key, one that lives elsewhere does not exist."""
        house = self.houses.get(code)
        return house if house is not None and key.covers(house.region) else None

    def enter_open(self, key: Key, code: str) -> House | Answer:
        """Find a household about which a key writes, which must be open, or return the refusal."""
        if refusal := self.enter(key, "write"):
            return refusal
        house = self.find(key, code)
        if house is None:
            return ABSENT
        return CLOSED if house.closed else house

    def list_open(self, region: str) -> list[House]:
        return [house for house in self.houses.values() if house.region.startswith(region) and not house.closed]

    # -- records -------------------------------------------------------------------------------------------------------

    def deliver(self, key: Key, rows: dict[str, dict], *, early: bool, struck: tuple[str, ...] = ()) -> Answer:
        """Append rows: for each household, perhaps its region, income and bills; and disasters of whole regions."""
        if refusal := self.enter(key, "write"):
            return refusal
        if early:
            return EARLY
        if any("region" in row and not key.covers(row["region"]) for row in rows.values()):
            return ABSENT
        if any(not key.covers(area) for area in struck):
            return NO_REGION
        for code, row in rows.items():
            if self.find(key, code) is None and (
                code in self.houses or "region" not in row or len(key.region) > self.register_digits
            ):
                return ABSENT
        if any(code in self.houses and self.houses[code].closed for code in rows):
            return CLOSED
        known = self.count(struck) + len(rows)  # as the service counts: before it registers new households
        for code, row in rows.items():
            house = self.houses.setdefault(code, House(code, row.get("region", "")))
            house.region = row.get("region", house.region)
            house.lived.add(house.region)
            if "income" in row:
                house.income = row["income"]
            for number, amount in row.get("bills", {}).items():
                house.bills[number] = amount
        if known > self.at_once:
            return ACCEPTED
        for code in {*rows, *(house.code for area in struck for house in self.list_open(area))}:
            self.houses[code].status = self.houses[code].judge()
        return OK

    def count(self, struck: tuple[str, ...]) -> int:
        return sum(len(self.list_open(area)) for area in struck)

    # -- closures ------------------------------------------------------------------------------------------------------

    def close(self, key: Key, code: str, why: str, followers: tuple[str, ...]) -> Answer:
        """Close a household; its help and its open clues go to each household that follows it, once."""
        house = self.enter_open(key, code)
        if not isinstance(house, House):
            return house
        after = [self.find(key, follower) for follower in followers]
        if any(follower is None or follower is house for follower in after):
            return ABSENT
        if any(follower.closed for follower in after):
            return CLOSED
        house.closed, house.followers, house.status = why, followers, None
        moving = [clue for clue in house.clues if after and house.is_open_clue(clue)]
        for clue in moving:
            house.clues.remove(clue)
            new = [
                one for one in after if clue.report not in {own.report for own in one.clues if one.is_open_clue(own)}
            ]
            for follower in new:
                follower.clues.append(replace(clue, before=len(follower.visits)))
            if not new:
                self.repeated.append(house.region)
        for follower in after:
            follower.helps += [one for one in house.helps if one not in follower.helps]
            follower.status = follower.judge()
        return OK

    # -- visits, help, clues -------------------------------------------------------------------------------------------

    def verify(self, key: Key, code: str, body: dict) -> Answer:
        if refusal := self.enter(key, "write"):
            return refusal
        house = self.find(key, code)
        if house is None:
            return ABSENT
        if "seen" in body and body["seen"] != (house.visits[-1].number if house.visits else "0"):
            return CHANGED
        if (body.get("category") and body["outcome"] != "confirmed") or (
            (body["outcome"] == "rejected") != ("reason" in body)
        ):
            return INVALID
        if body["outcome"] != "not_met" and not house.closed:
            house.status = house.judge()
        return CREATED

    def help(self, key: Key, code: str, measure: str) -> Answer:
        house = self.enter_open(key, code)
        if not isinstance(house, House):
            return house
        house.helps.append((measure, key.key_id))
        house.status = house.judge()
        return CREATED

    def list_help(self, key: Key, house: House) -> list[str | None]:
        """List the measures of help; those of others may reveal health data, so not every key may read them."""
        free = "health-details" in key.rights
        return [measure if free or author == key.key_id else None for measure, author in house.helps]

    def report(self, key: Key, code: str) -> Answer:
        house = self.enter_open(key, code)
        if not isinstance(house, House):
            return house
        house.clues.append(Clue(len(house.visits), next(self.reports)))
        house.status = house.judge()
        return CREATED

    def count_clues(self, region: str) -> Counter:
        """Count clues about households that live in a region, by household and by whether a visit settled them."""
        homes = [house for house in self.houses.values() if house.region.startswith(region)]
        merged = sum(own.startswith(region) for own in self.repeated)
        clues = Counter((house.code, house.is_open_clue(clue)) for house in homes for clue in house.clues)
        return clues + Counter({(None, False): merged})

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def start(self, key: Key, region: str | None, *, future: bool) -> Answer:
        if refusal := self.enter(key, "score"):
            return refusal
        if future:
            return INVALID
        return ACCEPTED if region is None or key.covers(region) else NO_REGION

    def read_job(self, key: Key, number: str) -> Answer:
        if refusal := self.enter(key, "read"):
            return refusal
        job = self.jobs.get(number)
        return OK if job is not None and key.covers(job.region) else NO_JOB

    def cancel(self, key: Key, number: str) -> Answer:
        if refusal := self.enter(key, "score"):
            return refusal
        job = self.jobs.get(number)
        if job is None or not key.covers(job.region):
            return NO_JOB
        if job.kind == "rescore" and "write" not in key.rights:
            return NO_RIGHT
        if job.state != "waiting":
            return ENDED
        job.state = "cancelled"
        return OK

    def read_results(self, key: Key, number: str) -> Answer:
        answer = self.read_job(key, number)
        if answer != OK:
            return answer
        job = self.jobs[number]
        if (job.kind, job.state) != ("score", "done"):
            return NO_RESULTS
        more = "health-details" in job.author.rights and "health-details" not in key.rights
        return NO_RIGHT if more else OK

    def work(self, *, stopped: bool) -> None:
        """Work on the oldest job that has not ended; one that is stopped half-way stays in the queue.

        The worker looks whether it is stopped after each part, so that a job without households ends all the same.
        """
        job = next((job for job in self.jobs.values() if job.state == "waiting"), None)
        if job is None:
            return
        homes = self.list_open(job.region)
        if job.kind == "rescore":
            homes = [one for one in homes if one.code in job.homes or one.region.startswith(job.struck)]
        if stopped and homes:
            job.stopped, job.judged = True, {*sorted(house.code for house in homes)[: self.part]}
            for house in homes if job.kind == "rescore" else ():
                house.status = UNKNOWN if house.status != house.judge() else house.status
        else:
            for house in homes:
                house.status = house.judge()
            last = max(job.judged, default="")  # the results list the first part as it was judged before the stop
            job.state, job.judged = "done", job.judged | {house.code for house in homes if house.code > last}
