"""Finds rows that report the same event: repeated rows, corrections, and reversals of bills (冲正).

Lists repeat what earlier lists said. An event is identified by department, person, day, kind and, if the list has one,
the settlement number; without a number, several events of one person, day and kind are distinguished by their amounts.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from riskml.lists.events import (
    AMOUNTS,
    DAYS,
    Claim,
    Event,
    Events,
    has_same_values,
    is_equal,
    is_monthly,
    is_reversal,
    list_amounts,
    name_kind,
)
from riskml.lists.row_reader import Entry

Outcome = Literal["taken", "nothing", "repeated", "refused", "ask"]


class Settled(NamedTuple):
    """What becomes of a claim; ``columns`` are the values that it adds to the record of the event.

    ``candidates`` are the records that a doubtful claim may correct.
    """

    outcome: Outcome
    reason: str = ""
    event: Event | None = None
    columns: dict[str, Any] | None = None
    candidates: tuple[str, ...] = ()


@dataclass
class Ledger:
    """The events of all lists so far.

    ``numbers`` counts the records that have been numbered, by table, kind, person or household, day and number, and
    ``lists`` the lists that have been settled. ``peers`` are the numbers of earlier lists of which it is not known
    whether they are newer than the present one.
    """

    events: Events = field(default_factory=Events)
    numbers: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    lists: int = 0
    peers: frozenset[int] = frozenset()

    def settle_rows(self, claims: Sequence[Claim], rows: Sequence[int]) -> list[Settled]:
        """Settle the claims of one list; ``rows`` gives the row of each claim, and a row may have several claims.

        If one claim of a row becomes a question or is refused, the row adds nothing, and the other rows are settled
        without it.
        """
        if len(set(rows)) == len(rows):
            return self.settle(claims)
        delivery, numbers, restore = self.lists, self.numbers.copy(), self.events.save(claims)
        active = list(range(len(claims)))
        held: dict[int, Settled] = {}
        while True:
            settled = held | dict(zip(active, self.settle([claims[i] for i in active]), strict=True))
            doubtful = {rows[i]: done for i, done in settled.items() if done.outcome in ("ask", "refused")}
            taken = {rows[i] for i in active if rows[i] in doubtful and settled[i].outcome == "taken"}
            if not taken:
                return [settled[i] for i in range(len(claims))]
            dropped = [i for i in active if rows[i] in taken and settled[i].outcome in ("taken", "ask", "refused")]
            held |= {i: doubtful[rows[i]] for i in dropped}
            active = [i for i in active if i not in held]
            self.lists, self.numbers = delivery, numbers.copy()
            restore()

    def settle(self, claims: Sequence[Claim]) -> list[Settled]:
        """Decide what becomes of the claims of one list, in the order of its rows.

        Rows with the values of a known event come first, wherever they are in the list, so that a corrected row is
        compared with the remaining events. Then come reversals of known events, corrections, new events, and reversals
        of new events. A bill with the same total cost as another one comes last, since it may replace a reversed bill.
        """
        self.lists += 1
        settled: list[Settled | None] = [None] * len(claims)
        late = [i for i, claim in enumerate(claims) if claim.entry.sign in ("void", "ends")]
        negative = [i for i, claim in enumerate(claims) if is_reversal(claim.entry)]
        rest = sorted(set(range(len(claims))).difference(negative, late))
        rest = self._repeat(claims, rest, settled)
        cumulative = {claims[i].entry.table for i, done in enumerate(settled) if done}
        bills, reversed_bills = {_sum(claims[i]) for i in rest}, {_sum(claims[i], -1) for i in negative}
        for i in negative:
            if _sum(claims[i], -1) not in bills:
                settled[i] = self._reverse(claims[i], exactly=True)
        new = self._correct(claims, rest, settled, cumulative)
        for i in sorted(new, key=lambda i: (_sum(claims[i]) not in reversed_bills, claims[i].entry.sign, i)):
            settled[i] = self._take(claims[i])
        for i in negative:
            settled[i] = settled[i] or self._reverse(claims[i]) or Settled("refused", "negative")
        for i in new:
            settled[i] = settled[i] or self._take(claims[i], last=True) or Settled("ask", "same_event_twice")
        for i in late:
            settled[i] = self._drop(claims[i]) if claims[i].entry.sign == "void" else self._end(claims[i])
        self._restore(claims, settled)
        return [done for done in settled if done is not None]

    def _repeat(self, claims: Sequence[Claim], rest: Iterable[int], settled: list[Settled | None]) -> list[int]:
        """Settle the claims that have the number or the values of a known event; return the others."""
        left = []
        for i in rest:
            known = [event for event in self.events.find(claims[i]) if has_same_values(event, claims[i].entry)]
            fresh = [event for event in known if event.delivery != self.lists]
            if fresh:
                settled[i] = self._update(fresh[0], claims[i])
            elif known:
                known[0].copies += 1
                settled[i] = Settled("repeated", "twice_in_list", known[0])
            else:
                left.append(i)
        return left

    def _correct(
        self, claims: Sequence[Claim], rest: list[int], settled: list[Settled | None], cumulative: set[str]
    ) -> list[int]:
        """Settle the claims that correct a known event; return those about new events."""
        by_event: dict[int, list[int]] = defaultdict(list)
        targets: dict[int, Event] = {}
        new = []
        for i in rest:
            claim = claims[i]
            if claim.answer == "new":
                new.append(i)
                continue
            known = [e for e in self.events.find(claim) if self.lists not in (e.delivery, e.reversed_in)]
            same = [e for e in known if e.record_id == claim.answer]
            same = same or [e for e in known if _shares_number(e, claim.entry) or _has_same_cost(e, claim.entry)]
            if not same and claim.entry.table == "illness" not in cumulative and not claim.corrects:
                if any(_may_replace(claim.entry, event) for event in known):
                    settled[i] = Settled("ask", "may_replace")
                    continue
                known = []
            known = same or known
            others = [] if known else self._find_other_kind(claim)
            sure = same or claim.corrects or claim.entry.table in cumulative
            if known and claim.entry.table == "income" and not sure:
                settled[i] = Settled("ask", "second_wage")
            elif others and not claim.corrects:
                settled[i] = Settled("ask", "may_replace")
            elif len(known or others) == 1:
                event = (known or others)[0]
                targets[id(event)] = event
                by_event[id(event)].append(i)
            elif known or others:
                codes = tuple(event.record_id for event in known or others)
                settled[i] = Settled("ask", "may_correct_several", candidates=codes)
            else:
                new.append(i)
        for key, rows in by_event.items():
            answered = [i for i in rows if claims[i].answer]
            for i in rows:
                sure = [i] in (rows, answered)
                settled[i] = self._change(targets[key], claims[i]) if sure else Settled("ask", "may_correct")
        return sorted(new)

    def _find_other_kind(self, claim: Claim) -> list[Event]:
        """Find the events of other lists that differ only in their kind, which departments may word differently."""
        return [
            event
            for event in self.events.find(claim, any_kind=True)
            if self.lists not in (event.delivery, event.reversed_in)
            and not event.withdrawn
            and any(list_amounts(claim.entry))
            and has_same_values(event, claim.entry)
        ]

    def _change(self, event: Event, claim: Claim) -> Settled:
        """Let a claim correct an event, unless it is not known which of two lists is newer."""
        if event.delivery in self.peers and not claim.corrects and claim.answer != event.record_id:
            return Settled("ask", "same_day")
        return self._update(event, claim)

    def _update(self, event: Event, claim: Claim) -> Settled:
        """Let a claim confirm or correct an event."""
        event.delivery, event.copies = self.lists, 1
        changes = {
            name: value
            for name, value in claim.entry.values.items()
            if value is not None and value != event.values.get(name) and name not in (DAYS[event.table], "kind")
        }
        kind = event.values.get("kind")
        if "other" != claim.entry.values.get("kind") != kind and (kind == "other" or claim.corrects):
            changes["kind"] = claim.entry.values["kind"]
        if claim.person_id and not event.person_id:
            event.person_id = claim.person_id
            self.events.add(event)
        day, monthly = claim.entry.values[DAYS[event.table]], is_monthly(claim.entry)
        if day < event.day if monthly else claim.entry.precision == "day" != event.precision:
            changes[DAYS[event.table]] = day
            event.precision = claim.entry.precision
        if not changes:
            return Settled("repeated", "", event)
        event.values = event.values | changes
        return Settled("taken", "corrects", event, {**claim.entry.values, **changes})

    def _take(self, claim: Claim, *, last: bool = False) -> Settled | None:
        """Accept a claim as a new event unless the list already has the same row; None if it may be a known event.

        Corrections of a row in the same list are settled ``last``.
        """
        here = [e for e in self.events.find(claim) if e.delivery == self.lists != e.reversed_in]
        for event in here:
            if has_same_values(event, claim.entry):
                event.copies += 1
                return Settled("repeated", "twice_in_list", event)
            if is_monthly(claim.entry) and event.day != claim.entry.values["started_on"]:
                return self._update(event, claim)
        if claim.corrects and last and len(here) == 1:
            return self._update(here[0], claim)
        if claim.answer != "new" and any(claim.corrects or _has_same_cost(event, claim.entry) for event in here):
            return None
        entry = claim.entry
        owner = claim.person_id or claim.household_id
        key = (entry.table, name_kind(entry), owner, entry.values[DAYS[entry.table]], entry.number)
        self.numbers[key] += 1
        digest = hashlib.sha256("|".join(map(str, (*key, self.numbers[key]))).encode()).hexdigest()
        event = Event(
            f"{entry.table}-{digest[:20]}",
            entry.table,
            claim.household_id,
            claim.person_id,
            entry.precision,
            dict(entry.values),
            entry.number,
            claim.candidates,
            self.lists,
        )
        self.events.add(event)
        return Settled("taken", "", event, dict(entry.values))

    def _reverse(self, claim: Claim, *, exactly: bool = False) -> Settled | None:
        """Let a negative row withdraw the one event with its number or amounts; None if there is no such event."""
        entry, here = claim.entry, self.events.find(claim)
        known = [event for event in here if _reverses(entry, event)]
        if not known and any(list_amounts(entry)):
            known = [event for event in self.events.find(claim, any_day=True) if _reverses(entry, event)]
            known = [e for e in known if e.day <= entry.values[DAYS[e.table]]] or known  # nothing later is reversed
        known = [event for event in known if not exactly or _cancels(entry, event)]
        if not known:
            part = not exactly and any(_reverses_part(entry, event) for event in here)
            return Settled("ask", "partly_reversed") if part else None
        fits = {id(event): (_shares_number(event, entry), _cancels(entry, event)) for event in known}
        known = [event for event in known if fits[id(event)] == max(fits.values())]
        standing = [event for event in known if not event.withdrawn] or known
        if len(standing) != 1:
            return Settled("ask", "may_correct_several")
        event = standing[0]
        if event.copies > 1:
            event.copies -= 1
            return Settled("nothing", "reversed_copy", event)
        if event.withdrawn:
            event.reversed_in = self.lists
            return Settled("repeated", "", event)
        return self._withdraw(event)

    def _drop(self, claim: Claim) -> Settled:
        """Let a row that is marked as void withdraw what an earlier list said, unless this list repeats it."""
        known = [e for e in self.events.find(claim) if e.delivery != self.lists and not e.withdrawn]
        known = [event for event in known if has_same_values(event, claim.entry)]
        return self._withdraw(known[0]) if len(known) == 1 else Settled("nothing", "void")

    def _withdraw(self, event: Event) -> Settled:
        event.reversed_in, event.withdrawn = self.lists, True
        kept = (DAYS[event.table], "kind", "measure", "source", "months")
        columns = {name: event.values[name] for name in kept if name in event.values}
        return Settled("taken", "withdraws", event, {**columns, "withdrawn": True})

    def _end(self, claim: Claim) -> Settled:
        """Let a row end the help that is currently given."""
        ended = claim.entry.values["ended_on"]
        running = [event for event in self.events.find(claim) if event.day <= ended and not event.withdrawn]
        if len(running) != 1:
            return Settled("ask", "none_runs")
        settled = self._update(running[0], claim)
        return settled._replace(columns=dict(running[0].values)) if settled.columns else settled

    def _restore(self, claims: Sequence[Claim], settled: list[Settled | None]) -> None:
        """Restore a withdrawn event if a later list has it without the reversal."""
        for i, done in enumerate(settled):
            event = done.event if done else None
            reverses = is_reversal(claims[i].entry) or claims[i].entry.sign == "void"
            if event is not None and event.withdrawn and event.reversed_in != self.lists and not reverses:
                event.withdrawn, event.values = False, event.values | {"withdrawn": False}
                settled[i] = Settled("taken", "corrects", event, dict(event.values))


def _sum(claim: Claim, sign: int = 1) -> tuple[str, ...]:
    """Return the household and amounts of a bill or, with ``sign`` -1, of the bill that a negative row reverses."""
    return claim.household_id, *(f"{sign * amount + 0:.2f}" for amount in list_amounts(claim.entry))


def _has_same_cost(event: Event, entry: Entry) -> bool:
    """Return whether a bill's total cost is the same; aid that is paid later changes only what the person paid."""
    return event.table == "illness" and is_equal(event.values.get("cost"), entry.values.get("cost"))


def _may_replace(entry: Entry, event: Event) -> bool:
    """Return whether a bill may correct an earlier one: the stay begins on the same day, or the bill is zero."""
    stays = (event.values["kind"], entry.values["kind"]) == ("inpatient", "inpatient")
    return (stays and event.precision == entry.precision == "day") or not any(list_amounts(entry))


def _shares_number(event: Event, entry: Entry) -> bool:
    """Return whether the numbers are equal, or one is the other with a suffix, as is common for reversals."""
    shorter, longer = sorted((event.number or "", entry.number or ""), key=len)
    return bool(shorter) and (shorter == longer or (len(shorter) >= _LONG_NUMBER and shorter in longer))


_LONG_NUMBER = 8
"""Minimum length of a settlement number that is not part of another one by chance."""


def _pair_amounts(entry: Entry, event: Event) -> list[tuple[float, float]]:
    """List the pairs of amounts that both have, the negative row's as positive numbers; the total comes first."""
    pairs = [(event.values.get(name), entry.values.get(name)) for name in AMOUNTS[event.table]]
    return [(one, -other) for one, other in pairs if one is not None and other is not None]


def _cancels(entry: Entry, event: Event) -> bool:
    return all(is_equal(*pair) for pair in _pair_amounts(entry, event))


def _reverses(entry: Entry, event: Event) -> bool:
    """Return whether the first amount of a negative row equals that of an event, or the row has only the day.

    If both have numbers without a common part, all amounts must be equal.
    """
    pairs = _pair_amounts(entry, event)
    other_number = bool(event.number and entry.number) and not _shares_number(event, entry)
    if not any(list_amounts(entry)):
        return not other_number
    return bool(pairs) and is_equal(*pairs[0]) and (not other_number or _cancels(entry, event))


def _reverses_part(entry: Entry, event: Event) -> bool:
    return not event.withdrawn and any(0 < other < one for one, other in _pair_amounts(entry, event))
