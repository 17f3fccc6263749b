"""What a sheet is about, and the field of each column: by header, by values, or confirmed by a person."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from riskml.lists.persons.villages import Villages
from riskml.lists.reading.amounts import (
    AMOUNTS,
    are_payments,
    choose_paid,
    complete_bill,
    complete_fee,
    is_amount,
    states_other_money,
)
from riskml.lists.reading.cells import Body, holds_ids
from riskml.lists.reading.contents import find_columns, is_name, names_village, read_contents
from riskml.lists.reading.days import DAYS, find_days, leave_out_undated, want_day
from riskml.lists.reading.headers import PART, SECOND, Headers, Meaning, clean_text, find_factor, spell_header
from riskml.lists.reading.periods import find_month
from riskml.lists.reading.sheets import Column, How

_OLD = re.compile(r"旧|原始|作废|(?:修改|更正|调整|变更|核定|复核|核减)前|初报")
_LEAST, _MARGIN, _CLEAR = 1.2, 0.4, 2.2
_MOST = 300


def choose_topic(
    headers: Headers, parts: Sequence[Sequence[str]], texts: Sequence[tuple[str, float]], shown: Collection[str] = ()
) -> str:
    """Return the topic of a sheet, or an empty text if it is not clear.

    A header that a person has confirmed with its topic decides if no other topic has it, or if nothing else is clear.

    Parameters
    ----------
    headers : Headers
        What columns are called.
    parts : sequence of sequences of str
        Texts of the header rows above each column.
    texts : sequence of (str, float)
        Titles, sheet name and file name, each with its weight.
    shown : collection of str
        Topics whose words stand in the cells below a header that no topic knows.
    """
    own = {
        name: [
            (j, meaning)
            for j, part in enumerate(parts)
            if part and (meaning := headers.find(name, part))
            if meaning.own or (meaning.confirmed and meaning.field in topic.vocabulary.list_fields())
        ]
        for name, topic in headers.topics.items()
    }
    shared = Counter(j for pairs in own.values() for j, _ in pairs)
    decided: dict[str, bool] = {}  # topics of confirmed headers, and whether no other topic has the header
    scores = {}
    for name, topic in headers.topics.items():
        score = 0.0
        for j, meaning in own[name]:
            best = meaning.field != "other" and meaning.rank[0] not in (SECOND, PART)
            named = best and meaning.own and meaning.confirmed  # a person has confirmed header, field and topic
            if named:
                decided[name] = decided.get(name, False) or shared[j] == 1
            score += (4 if named else 2 if best else 1) / (1 + shared[j])
        for text, weight in texts:
            words = sum(word in text for word in topic.words)
            office = any(word in text for word in headers.departments.get(topic.department, ()))
            score += weight * (min(2, words) + 0.5 * office)
        score += min(0.5, sum(0.25 for part in parts if any(word in "".join(part) for word in topic.words)))
        has_needed = not topic.needs or any(meaning.field == topic.needs for _, meaning in own[name])
        if has_needed and (own[name] or name in shown or score >= _CLEAR):
            scores[name] = score
    if len(decided) == 1 and any(decided.values()):
        return next(iter(decided))
    ranked = sorted(scores, key=lambda name: -scores[name])
    clear = ranked and scores[ranked[0]] >= _LEAST
    if not clear or (len(ranked) > 1 and scores[ranked[0]] - scores[ranked[1]] < _MARGIN):
        return next(iter(decided)) if len(decided) == 1 else ""
    return ranked[0]


def map_columns(headers: Headers, topic: str, body: Body, *, villages: Villages | None = None) -> list[Column]:
    """Return the columns of a sheet with their fields.

    Parameters
    ----------
    headers : Headers
        What columns are called.
    topic : str
        What the sheet is about; empty if that is not clear.
    body : Body
        Headers and rows of data; a part of the rows is enough.
    villages : Villages, optional
        The villages of the register.
    """
    own, parts, body = headers.get_topic(topic), body.parts, Body(body.parts, body.rows[:_MOST])
    meanings = [headers.find(topic, part) if part else None for part in parts]
    meanings = _rank_meanings(leave_out_undated(meanings, body), body)
    fields = _choose_fields(meanings, own.many, body)
    hows: dict[int, How] = {}

    def add(shown: Mapping[int, str]) -> None:
        """Add fields that the cells of columns show."""
        fields.update(shown)
        hows.update(dict.fromkeys(shown, "values"))

    free = [j for j, meaning in enumerate(meanings) if not (meaning and meaning.confirmed)]
    if not {"id_number", "head_id"} & set(fields.values()):
        add({j: "id_number" for j in free if j not in fields and holds_ids(body.list_cells(j))})
    _tell_heads(fields, meanings)
    values = {j: body.list_cells(j) for j in free if j not in fields}
    unknown = {j for j in values if meanings[j] is None}
    names = [j for j, name in fields.items() if name == "name"]
    number = next((j for j, name in sorted(fields.items()) if name == "id_number"), 0)
    known = any(text in headers.common.exact for j in names for text in spell_header(parts[j]))
    for owner in find_columns(values, unknown & {number - 1}, is_name):
        if not known and all(j > number for j in names):  # a number belongs to the name before it
            fields = {j: name for j, name in fields.items() if name != "name"}
            add({owner: "name"})
    amounts = [j for j in sorted(unknown) if is_amount(body, j)]
    if topic == "illness":
        funds = [(meaning, j) for j, meaning in enumerate(meanings) if meaning and meaning.field == "illness.fund"]
        add(complete_bill(fields, [j for _, j in _pick_best(funds)], amounts, own.amount_words, body))
    elif own.amount:
        pieces = [j for j, name in fields.items() if name == own.amount and _is_part(meanings[j])]
        if rest := complete_fee(fields, pieces, amounts, body):
            fields = {j: name for j, name in fields.items() if j not in pieces}
            add(rest)
    for j, name in read_contents(values, unknown - fields.keys(), set(fields.values()), own, villages):
        add({j: name})
    day = want_day(own)
    others = {j for j in unknown if not own.later or (parts[j] and headers.means(parts[j], DAYS - {day}))}
    days = find_days(fields, meanings, unknown - fields.keys(), others, day, body)
    fields = {j: name for j, name in fields.items() if name not in days.values()}
    add(days)
    if own.amount in ("help.amount", "disaster.loss") and own.amount not in fields.values():
        left = [j for j in sorted(unknown - fields.keys()) if not states_other_money(body.join_header(j), own.amount)]
        amounts = [j for j in left if is_amount(body, j, own.amount_words)]
        sure = len(amounts) == 1 and not headers.means(parts[amounts[0]], AMOUNTS - {own.amount})
        if sure and are_payments(body, amounts[0]):
            add({amounts[0]: own.amount})
    if villages and "village" not in fields.values():
        groups = {j: body.list_cells(j) for j, name in fields.items() if name == "group"}
        for j in find_columns(groups, groups, lambda text: names_village(villages, text))[:1]:
            add({j: "village"})
    if "name" not in fields.values() and "head_name" in fields.values():
        fields |= {j: "head_id" for j, name in fields.items() if name == "id_number"}
    columns = []
    for j, meaning in enumerate(meanings):
        spare = meaning.field if meaning and j not in fields and meaning.field in DAYS & set(fields.values()) else ""
        by_header: How = "confirmed" if meaning and meaning.confirmed else "synonym"
        how = hows.get(j, by_header) if j in fields else ""
        factor = (meaning and meaning.factor) or next(filter(None, map(find_factor, reversed(parts[j]))), None)
        header = "/".join(parts[j])
        columns.append(Column(j + 1, header, fields.get(j, "other"), how, factor, spare))
    return columns


def _is_part(meaning: Meaning | None) -> bool:
    return meaning is not None and meaning.rank[0] == PART


def _rank_meanings(meanings: Sequence[Meaning | None], body: Body) -> list[Meaning | None]:
    """Rank columns marked 其中 as parts, and columns about earlier dates as second best, if others have their field."""
    marks = ["".join(map(clean_text, part)) for part in body.parts]
    whole = {m.field for m, mark in zip(meanings, marks, strict=True) if m and "其中" not in mark}
    ranked: list[Meaning | None] = []
    for meaning, mark in zip(meanings, marks, strict=True):
        rank = None
        if meaning and not meaning.confirmed and meaning.rank[0] != PART:
            if "其中" in mark and meaning.field in AMOUNTS & whole:
                rank = PART
            elif _OLD.search(mark):
                rank = SECOND
        ranked.append(replace(meaning, rank=(rank, meaning.rank[1])) if meaning and rank else meaning)
    return ranked


def _choose_fields(meanings: Sequence[Meaning | None], many: Collection[str], body: Body) -> dict[int, str]:
    """Return the field of each column that has one; if several columns compete for a field, the best one gets it."""
    columns: defaultdict[str, list[tuple[Meaning, int]]] = defaultdict(list)
    for j, meaning in enumerate(meanings):
        if meaning and meaning.field != "other":
            columns[meaning.field].append((meaning, j))
    funds = [j for _, j in _pick_best(columns.pop("illness.fund", []))]
    accounts = [j for _, j in columns.pop("illness.account", [])]
    cost = [j for _, j in columns.get("illness.cost", [])[:1]]
    fields: dict[int, str] = {}
    for name, pairs in columns.items():
        best = _pick_best(pairs)
        cash = "现金" in body.join_header(best[0][1])
        pieces = accounts if cash else [j for meaning, j in pairs if _is_part(meaning)]
        if name in many and not best[0][0].confirmed and (months := _choose_months(pairs, body.parts)):
            chosen = months
        elif best[0][0].confirmed or name in many or _is_part(best[0][0]):
            chosen = [j for _, j in best]
        elif name == "id_number":
            chosen = [j for _, j in pairs]
        elif name == "illness.self_paid" and pieces:
            chosen = choose_paid(best[0][1], pieces, cost, funds, body)
        else:
            chosen = [j for meaning, j in best if meaning.rank == best[0][0].rank][: 2 if name == "name" else 1]
        fields |= dict.fromkeys(chosen, name)
    return fields


def _choose_months(pairs: Sequence[tuple[Meaning, int]], parts: Sequence[Sequence[str]]) -> list[int]:
    """Return the best column for each month that headers name; columns without a month hold means or sums."""
    columns: dict[date, int] = {}
    for _, j in sorted(pairs, key=lambda pair: (pair[0].rank, pair[1])):
        if month := find_month("/".join(parts[j]), received=date.max):
            columns.setdefault(month, j)
    return list(columns.values())


def _pick_best(pairs: Sequence[tuple[Meaning, int]]) -> list[tuple[Meaning, int]]:
    """Return the confirmed columns, otherwise those that are not parts, otherwise the parts; the best ones first."""
    confirmed = [pair for pair in pairs if pair[0].confirmed]
    ranked = sorted(confirmed or pairs, key=lambda pair: (pair[0].rank, pair[1]))
    return [pair for pair in ranked if pair[0].rank[0] == ranked[0][0].rank[0]]


def _tell_heads(fields: dict[int, str], meanings: Sequence[Meaning | None]) -> None:
    """Decide whether columns with numbers and names are about the head of the household or about the person."""
    names = [j for j, name in fields.items() if name == "name"]
    heads = [j for j, name in fields.items() if name == "head_name"]
    if len(names) > 1:
        relation = next((j for j, name in fields.items() if name == "relation"), -1)
        own = max((j for j in names if j < relation), default=min(names))
        for j in set(names) - {own}:
            del fields[j]
        names = [own]
    ids = sorted(j for j, name in fields.items() if name == "id_number")
    for j in ids if names and heads and "head_id" not in fields.values() else []:
        owner = max((k for k in (*names, *heads) if k < j), default=-1)
        if owner in heads and (len(ids) > 1 or (owner == j - 1 and j < min(names))):
            fields[j] = "head_id"
    ids = [j for j in ids if fields[j] == "id_number"]
    people = [k for k, meaning in enumerate(meanings) if meaning and meaning.field in ("name", "head_name")]

    def rank(j: int) -> tuple[bool, tuple[int, int], int]:
        owner, meaning = max((k for k in people if k < j), default=-1), meanings[j]
        return bool(names) and owner >= 0 and owner not in names, meaning.rank if meaning else (0, 0), j

    for j in sorted(ids, key=rank)[1:]:
        del fields[j]
