"""Finds columns with amounts of money by their headers and numbers, and what a person paid by adding up a bill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise, product
from statistics import median

from riskml.lists.data_files import Patterns
from riskml.lists.reading.cells import Body, read_number
from riskml.lists.reading.headers import Topic, clean_text, find_factor, spell_header
from riskml.lists.reading.sheets import Column

AMOUNTS = {"illness.cost", "illness.self_paid", "disaster.loss", "events.amount", "help.amount", "income.wage"}
AMOUNTS |= {f"income.{source}" for source in ("property", "transfer", "business", "business_cost")}
"""Fields that hold amounts of money."""

_MONEY = Patterns("money")


_AGREE = 0.8
_FEWEST, _LARGE = 3, 100
"""Minimum number and minimum median of round numbers under an unknown header that are taken for amounts of money."""

_LARGEST = 10**8
"""Limit that no amount in a row reaches; larger numbers are account numbers."""


def find_missing_amount(topic: Topic, columns: Sequence[Column], unknown: Iterable[int], body: Body) -> str:
    """Return the amount that lists of a topic are about, if only a column with an unknown header may have it.

    Such a column has mostly numbers. Unless its header is about money, neither header nor numbers look like serial
    numbers, ages, telephone numbers, counts or dates.
    """
    if not topic.amount or any(column.field == topic.amount for column in columns):
        return ""
    return topic.amount if any(is_amount(body, j, topic.amount_words) for j in unknown) else ""


def is_amount(body: Body, j: int, words: str = "") -> bool:
    """Return whether a column has mostly numbers, and neither they nor its header show that they are not amounts."""
    part, numbers = body.parts[j], body.list_numbers(j)
    if not part or sum(abs(number) < _LARGEST for number in numbers) * 2 <= len(body.list_cells(j)):
        return False
    named = bool(words) and bool(re.search(words, "/".join(part)))
    return named or not (_is_no_money(part) or _are_serial(numbers))


def states_other_money(header: str, name: str) -> bool:
    """Return whether a header is about money that lists state beside the amount that they are about."""
    return bool(_MONEY.other_money.search(header) or (name == "disaster.loss" and _MONEY.help.search(header)))


def are_payments(body: Body, j: int) -> bool:
    """Return whether cells can only be what was paid, or lost: their unit is stated, or they are large and round."""
    numbers = body.list_numbers(j)
    if len(numbers) < _FEWEST or len(numbers) < _AGREE * len(body.list_cells(j)):
        return False
    round_ones = sum(number % 5 == 0 for number in numbers)
    large = median(numbers) >= _LARGE and round_ones >= _AGREE * len(numbers)
    return large or bool(find_factor(body.join_header(j)))


def _is_no_money(part: Sequence[str]) -> bool:
    return any(_MONEY.no_money.search(text) for text in (clean_text("".join(part)), *spell_header(part)))


def _are_serial(numbers: Sequence[float]) -> bool:
    """Return whether numbers are row numbers, or dates such as 20240305."""
    steps = [after - before for before, after in pairwise(numbers)]
    days = all(re.fullmatch(r"(?:19|20)\d\d[01]\d[0-3]\d", f"{number:.0f}") for number in numbers)
    return days or (bool(steps) and sum(step == 1 for step in steps) >= _AGREE * len(steps))


def choose_paid(whole: int, pieces: Sequence[int], cost: Sequence[int], funds: Sequence[int], body: Body) -> list[int]:
    """Return the columns that add up to what a person paid in all: one that may be that sum, or its parts.

    The amounts decide where they can: the cost less what the funds paid. Otherwise 个人负担 and every 合计 is the sum,
    whereas ``个人自付`` beside ``自费``, and cash beside a personal account, are only one part of it.
    """
    text = body.join_header(whole)
    if "现金" not in text and _agree(body, pieces, [whole]) >= _AGREE:
        return [whole]
    if cost and funds:
        mixes = [list(mix) for n in range(1, len(pieces) + 2) for mix in combinations([whole, *pieces], n)]
        best = max(mixes, key=lambda mix: _agree(body, mix, cost, funds))
        if _agree(body, best, cost, funds) >= _AGREE:
            return best
    inside = any("内" in body.join_header(j) for j in pieces)
    return [whole] if inside or not re.search("自付|自负|现金", text) or re.search("[合总]", text) else [whole, *pieces]


def _agree(body: Body, some: Sequence[int], whole: Sequence[int], less: Sequence[int] = ()) -> float:
    """Return the share of rows in which some columns add up to others, less further ones, except for rounding."""
    near = []
    for row in body.rows:
        if any(row[j] is not None for j in whole):
            own, all_, off = (sum(read_number(row[j]) or 0 for j in columns) for columns in (some, whole, less))
            near.append(abs(own - all_ + off) <= 1 + 0.01 * abs(all_ - off))
    return sum(near) / len(near) if near else 0


def complete_bill(
    fields: Mapping[int, str], funds: Sequence[int], amounts: Sequence[int], words: str, body: Body
) -> dict[int, str]:
    """Return the unknown columns that hold what a bill cost or what the person paid, if the amounts leave no doubt.

    The cost is what the person and the funds paid. Columns of ``amounts`` with unknown headers may be funds if they
    stand under the same header as a known one, or if only one of their headers suggests what the person paid, because
    it has one of the ``words``; several such headers are its parts.
    """
    names = "illness.cost", "illness.self_paid"
    own = [j for j in amounts if re.search(words, body.join_header(j))]
    groups = {tuple(body.parts[j][:-1]) for j in funds} - {()}
    beside = [j for j in amounts if tuple(body.parts[j][:-1]) in groups and j not in own]
    known = [[[j for j, name in fields.items() if name == one]] for one in names]
    costs, paids = ([*filter(None, columns)] or [[j] for j in amounts] for columns in known)
    bills = set()
    for cost in costs if len(own) > 1 and not known[1][0] else ():
        if funds and _agree(body, [*own, *funds], cost) >= _AGREE:
            return dict.fromkeys(own, names[1]) | {j: names[0] for j in cost if j not in fields}
    for cost, paid in product(costs, paids):
        rests = [funds, [*funds, *beside], [*funds, *amounts] if paid == own and len(own) == 1 else []]
        for rest in ([j for j in rest if j not in (*cost, *paid)] for rest in rests):
            if rest and len(body.rows) > 1 and _agree(body, [*paid, *rest], cost) >= _AGREE > _agree(body, paid, cost):
                bills.add((cost[0], paid[0]))
    pairs = [pair for bill in bills for pair in zip(bill, names, strict=True)]
    return {j: name for j, name in pairs if j not in fields} if len(bills) == 1 else {}


def complete_fee(
    fields: Mapping[int, str], pieces: Sequence[int], amounts: Sequence[int], body: Body
) -> dict[int, str]:
    """Return the unknown column that holds what is left of a fee, known by its ``pieces``, after the aid."""
    aid = [j for j, name in fields.items() if name == "help.amount"]
    comparable = bool(aid and pieces) and len(body.rows) > 1
    left = [j for j in amounts if comparable and _agree(body, [j], pieces, aid) >= _AGREE]
    return {left[0]: fields[pieces[0]]} if len(left) == 1 else {}
