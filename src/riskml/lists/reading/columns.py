"""What a sheet is about, and the field of each column: by header, by values, or confirmed by a person."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise

from riskml.lists.persons.villages import Villages
from riskml.lists.reading.cells import read_number
from riskml.lists.reading.contents import DAYS, find_columns, is_name, names_village, read_contents
from riskml.lists.reading.headers import PART, SECOND, Headers, Meaning, clean_text, find_factor, spell_header
from riskml.lists.reading.periods import find_month
from riskml.lists.reading.sheets import Cell, Column, How

__all__ = ["AMOUNTS", "choose_topic", "find_missing_amount", "map_columns"]

AMOUNTS = {"illness.cost", "illness.self_paid", "disaster.loss", "events.amount", "help.amount", "income.wage"}
AMOUNTS |= {f"income.{source}" for source in ("property", "transfer", "business", "business_cost")}
"""Fields that hold amounts of money."""

_MAIN_AMOUNTS = {
    "illness": ("illness.self_paid", "个人|本人|家庭|自[付负费]|负担|承担|现金"),
    "school_fee": ("events.amount", "[费金额款元缴]|合计|支出"),
    "disaster": ("disaster.loss", "损失|损毁金额|估损"),
    **dict.fromkeys(("allowance", "relief", "student_aid"), ("help.amount", "[费金额款元贴补]|合计")),
    "wages": ("income.wage", "[薪酬费金额款元资]|收入"),
}
"""For each topic, the amount that its lists are about, and a pattern for unknown headers that clearly name it."""

_NO_MONEY = re.compile(
    r"序|编号|号码?$|代码|编码|邮编|年龄|岁|电话|手机|联系|证件|身份证|人[数口次]|户[数次]|[次件间天月头只份]数|数量|时间|日期"
    r"|(?<![每按/\d])年度?$|年份|届$|(?<!\d)月份$|(?<![每按/])日$|年级|班级|等级|面积|亩|平方|公顷|距离|公里|里程|比例|率|成绩|^NO\.?$"
)
"""Headers of columns with numbers that are not amounts of money."""

_OLD = re.compile(r"旧|原始|作废|(?:修改|更正|调整|变更|核定|复核|核减)前|初报")
_LEAST, _MARGIN, _CLEAR = 1.2, 0.4, 3.0
_MOST, _AGREE = 300, 0.8
_LARGEST = 10**8
"""Limit that no amount in a row reaches; larger numbers are account numbers."""


def choose_topic(headers: Headers, parts: Sequence[Sequence[str]], texts: Sequence[tuple[str, float]]) -> str:
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
    """
    own = {
        name: [
            (j, meaning)
            for j, part in enumerate(parts)
            if part and (meaning := headers.find(name, part)) and (meaning.own or meaning.confirmed)
            if meaning.own or meaning.field in {m.field for m in topic.vocabulary.list_meanings()}
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
        if has_needed and (own[name] or score >= _CLEAR):
            scores[name] = score
    if len(decided) == 1 and any(decided.values()):
        return next(iter(decided))
    ranked = sorted(scores, key=lambda name: -scores[name])
    clear = ranked and scores[ranked[0]] >= _LEAST
    if not clear or (len(ranked) > 1 and scores[ranked[0]] - scores[ranked[1]] < _MARGIN):
        return next(iter(decided)) if len(decided) == 1 else ""
    return ranked[0]


def map_columns(
    headers: Headers,
    topic: str,
    parts: Sequence[Sequence[str]],
    rows: Sequence[Sequence[Cell]],
    *,
    hidden: Collection[int] = (),
    villages: Villages | None = None,
) -> list[Column]:
    """Return the columns of a sheet with their fields.

    Parameters
    ----------
    headers : Headers
        What columns are called.
    topic : str
        What the sheet is about; empty if that is not clear.
    parts : sequence of sequences of str
        Texts of the header rows above each column.
    rows : sequence of sequences of cells
        Rows of data; a part of them is enough.
    hidden : collection of int
        Hidden columns, counted from 0.
    villages : Villages, optional
        The villages of the register.
    """
    rows = rows[:_MOST]
    meanings = _rank_meanings([headers.find(topic, part) if part else None for part in parts], parts)
    fields = _choose_fields(meanings, parts, headers.topics[topic].many if topic else frozenset(), rows)
    _tell_heads(fields, meanings)
    hows: dict[int, How] = {j: "confirmed" if (own := meanings[j]) and own.confirmed else "synonym" for j in fields}
    values = {
        j: [row[j] for row in rows if row[j] is not None]
        for j, meaning in enumerate(meanings)
        if j not in fields and (meaning is None or not meaning.confirmed)
    }
    unknown = {j for j in values if meanings[j] is None}
    names = [j for j, name in fields.items() if name == "name"]
    number = next((j for j, name in sorted(fields.items()) if name == "id_number"), 0)
    known = any(text in headers.common.exact for j in names for text in spell_header(parts[j]))
    for owner in find_columns(values, unknown & {number - 1}, is_name):
        if not known and all(j > number for j in names):  # a number belongs to the name before it
            fields = {j: name for j, name in fields.items() if name != "name"} | {owner: "name"}
            hows[owner] = "values"
    if "illness.cost" in fields.values() and "illness.self_paid" not in fields.values():
        paid = _find_paid(fields, meanings, unknown, rows)
        fields |= paid
        hows |= dict.fromkeys(paid, "values")
    topical = {words.field for words in headers.topics[topic].vocabulary.list_meanings()} if topic else set()
    for j, name in read_contents(values, unknown - fields.keys(), set(fields.values()), topic, topical, villages):
        fields[j], hows[j] = name, "values"
    if villages and "village" not in fields.values():
        groups = {j: [row[j] for row in rows if row[j] is not None] for j, name in fields.items() if name == "group"}
        for j in find_columns(groups, groups, lambda text: names_village(villages, text))[:1]:
            fields[j], hows[j] = "village", "values"
    if "name" not in fields.values() and "head_name" in fields.values():
        fields |= {j: "head_id" for j, name in fields.items() if name == "id_number"}
    columns = []
    for j, part in enumerate(parts):
        meaning = meanings[j]
        factor = _find_column_factor(meaning, part)
        spare = meaning.field if meaning and j not in fields and meaning.field in DAYS & set(fields.values()) else ""
        header, name = "/".join(part), fields.get(j, "other")
        columns.append(Column(j + 1, header, name, hows.get(j, ""), factor, j in hidden, spare))
    return columns


def _rank_meanings(meanings: Sequence[Meaning | None], parts: Sequence[Sequence[str]]) -> list[Meaning | None]:
    """Rank columns marked 其中 as parts, and columns about earlier dates as second best, if others have their field."""
    marks = ["".join(map(clean_text, part)) for part in parts]
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


def find_missing_amount(
    headers: Headers,
    topic: str,
    parts: Sequence[Sequence[str]],
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
) -> str:
    """Return the amount that lists of a topic are about, if only a column with an unknown header may have it.

    Such a column has mostly numbers. Unless its header is about money, neither header nor numbers look like serial
    numbers, ages, telephone numbers, counts or dates.
    """
    name, words = _MAIN_AMOUNTS.get(topic, ("", ""))
    if not name or any(column.field == name for column in columns):
        return ""
    for j, (part, column) in enumerate(zip(parts, columns, strict=True)):
        if part and not column.how and headers.find(topic, part) is None:
            cells = [row[j] for row in rows[:_MOST] if row[j] is not None]
            numbers = [number for cell in cells if (number := read_number(cell)) is not None]
            if sum(abs(number) < _LARGEST for number in numbers) * 2 <= len(cells):
                continue
            if re.search(words, column.header) or not (_is_no_money(part) or _are_serial(numbers)):
                return name
    return ""


def _is_no_money(part: Sequence[str]) -> bool:
    return any(_NO_MONEY.search(text) for text in (clean_text("".join(part)), *spell_header(part)))


def _are_serial(numbers: Sequence[float]) -> bool:
    """Return whether numbers are row numbers, or dates such as 20240305."""
    steps = [after - before for before, after in pairwise(numbers)]
    days = all(re.fullmatch(r"(?:19|20)\d\d[01]\d[0-3]\d", f"{number:.0f}") for number in numbers)
    return days or (bool(steps) and sum(step == 1 for step in steps) >= _AGREE * len(steps))


def _find_column_factor(meaning: Meaning | None, part: Sequence[str]) -> float | None:
    if meaning and meaning.factor:
        return meaning.factor
    return next((factor for text in reversed(part) if (factor := find_factor(text))), None)


def _choose_fields(
    meanings: Sequence[Meaning | None],
    parts: Sequence[Sequence[str]],
    many: Collection[str],
    rows: Sequence[Sequence[Cell]],
) -> dict[int, str]:
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
        cash = "现金" in "".join(parts[best[0][1]])
        pieces = accounts if cash else [j for meaning, j in pairs if meaning.rank[0] == PART]
        if name in many and not best[0][0].confirmed and (months := _choose_months(pairs, parts)):
            chosen = months
        elif best[0][0].confirmed or name in many or best[0][0].rank[0] == PART:
            chosen = [j for _, j in best]
        elif name == "id_number":
            chosen = [j for _, j in pairs]
        elif name == "illness.self_paid" and pieces:
            chosen = _choose_paid(best[0][1], pieces, cost, funds, parts, rows)
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


def _choose_paid(
    whole: int,
    pieces: Sequence[int],
    cost: Sequence[int],
    funds: Sequence[int],
    parts: Sequence[Sequence[str]],
    rows: Sequence[Sequence[Cell]],
) -> list[int]:
    """Return the columns that add up to what a person paid in all: one that may be that sum, or its parts.

    The amounts decide where they can: the cost less what the funds paid. Otherwise 个人负担 and every 合计 is the sum,
    whereas ``个人自付`` beside ``自费``, and cash beside a personal account, are only one part of it.
    """

    def add(columns: Sequence[int], row: Sequence[Cell]) -> float:
        return sum(read_number(row[j]) or 0 for j in columns)

    def agree(columns: Sequence[int], target: Callable[[Sequence[Cell]], float]) -> float:
        near = [
            abs(add(columns, row) - target(row)) <= 1 + 0.01 * abs(target(row))
            for row in rows
            if row[whole] is not None
        ]
        return sum(near) / len(near) if near else 0

    text = "".join(parts[whole])
    if "现金" not in text and agree(pieces, lambda row: add([whole], row)) >= _AGREE:
        return [whole]
    if cost and funds:
        mixes = [list(mix) for n in range(1, len(pieces) + 2) for mix in combinations([whole, *pieces], n)]
        best = max(mixes, key=lambda mix: agree(mix, lambda row: add(cost, row) - add(funds, row)))
        if agree(best, lambda row: add(cost, row) - add(funds, row)) >= _AGREE:
            return best
    inside = any("内" in "".join(parts[j]) for j in pieces)
    return [whole] if inside or not re.search("自付|自负|现金", text) or re.search("[合总]", text) else [whole, *pieces]


def _find_paid(
    fields: Mapping[int, str],
    meanings: Sequence[Meaning | None],
    unknown: Collection[int],
    rows: Sequence[Sequence[Cell]],
) -> dict[int, str]:
    """Return the unknown column that holds what a person paid, if it is the cost less what the funds paid."""
    cost = next(j for j, name in fields.items() if name == "illness.cost")
    pairs = [(own, j) for j, own in enumerate(meanings) if own and own.field == "illness.fund"]
    funds = [j for _, j in _pick_best(pairs)] if pairs else []
    for j in sorted(unknown) if funds else ():
        known = [[read_number(row[k]) or 0 for k in (cost, j, *funds)] for row in rows if row[j] is not None]
        near = [abs(total - paid - sum(rest)) <= 1 + 0.01 * abs(paid) for total, paid, *rest in known]
        if len(near) > 1 and sum(near) >= _AGREE * len(near):
            return {j: "illness.self_paid"}
    return {}


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
