"""What a household's page shows while a clue is open: both verdicts as if it were true."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from riskml.explanation.household.rendering import describe_category, describe_flag, describe_probability
from riskml_serving.casework.clues.kinds import may_read_clue, suppose
from riskml_serving.casework.clues.states import find_state
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.service import judge_households
from riskml_serving.people.auth import Caller
from riskml_serving.store.records.columns import Columns, Rows
from riskml_serving.web.shell.words import label_flag

__all__ = ["add_rows", "read_supposed"]


def add_rows(tables: Mapping[str, Columns], rows: Mapping[str, Rows]) -> dict[str, Columns]:
    """Add rows, by table, to tables that were read.

    >>> add_rows({"help": {"amount": [1.0]}, "events": {"kind": []}}, {"events": [{"kind": "accident"}]})
    {'help': {'amount': [1.0]}, 'events': {'kind': ['accident']}}
    """
    return {
        name: {column: [*cells, *(row.get(column) for row in rows.get(name, ()))] for column, cells in columns.items()}
        for name, columns in tables.items()
    }


def read_supposed(
    connection: Connection,
    model: Model,
    caller: Caller,
    register: Mapping[str, Any],
    as_of: dt.date,
    clues: Iterable[Mapping[str, Any]],
    lang: str,
) -> dict[str, Any] | None:
    """Judge a household as if those of its open clues were true that the reader may see; None without any.

    Returns
    -------
    dict or None
        ``left_out``: kinds of clues that say too little to be judged; unless all do, also what the page shows of both
        verdicts.
    """
    believed = [row for row in clues if find_state(row) == "open" and may_read_clue(row, caller)]
    rows: defaultdict[str, Rows] = defaultdict(list)
    for row in believed:
        for table, record in suppose(row, as_of).items():
            rows[table].append(record)
    left_out = list(dict.fromkeys(row["what"] for row in believed if not suppose(row, as_of)))
    if not rows:
        return {"left_out": left_out} if believed else None
    homes = {register["household_id"]: register}
    (judged,) = judge_households(connection, model, homes, as_of, partial(add_rows, rows=rows))
    explanation = judged.explain(redact=caller.redact)
    opinion = explanation.model
    return {
        "left_out": left_out,
        "explanation": explanation,
        "category": describe_category(explanation, lang),
        "flags": [label_flag(describe_flag(flag, lang), flag.cause, lang) for flag in explanation.rule.flags],
        "hundred": opinion and describe_probability(opinion.probability, opinion.horizon, lang, explanation.kind),
    }
