"""``riskml features``: write the features of all households on a date."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import (
    AsOf,
    Cluster,
    IncomeAge,
    OutcomeKind,
    PolicyFile,
    RecordsArgument,
    SkipBadRows,
    Window,
    parse_day,
)
from riskml.cli.output import TABLE_ENDINGS, require_place, write_table
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say


def features(
    records: RecordsArgument,
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", help="Output Parquet file.", show_default=False)],
    window: Window = 12,
    outcome: OutcomeKind = "any",
    income_age: IncomeAge = 0,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
    cluster: Cluster = None,
) -> None:
    """Write the features of every household known on a date.

    The file has one row per household, with household_id and one column per feature. docs/features.md explains every
    column. Amounts are multiples of the monitoring line.
    """
    from riskml.cli.inputs import map_records
    from riskml.features.build import build_known
    from riskml.features.matrix import stack
    from riskml.policy import load_policy
    from riskml.splits import Settings

    at = parse_day(as_of, "--as-of")
    require_place(out, *TABLE_ENDINGS)
    build = partial(build_known, as_of=at, basis=Settings(window, outcome=outcome, income_age=income_age).basis)
    with show_progress() as bar:
        parts, _ = map_records(build, records, load_policy(policy), skip_bad_rows, bar, at, cluster, out)
    matrix = stack(parts)
    frame = matrix.take(matrix.household_id.argsort()).to_frame()
    write_table(out, frame)
    say(
        "{households:,} households, {features} features as of {as_of}: {out}",
        households=len(frame),
        features=len(matrix.columns),
        as_of=as_of,
        out=out,
    )
