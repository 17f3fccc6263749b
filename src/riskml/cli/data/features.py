"""``riskml features``: write the features of all households at a date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import (
    AsOf,
    IncomeAge,
    OutcomeKind,
    PolicyFile,
    RecordsArgument,
    SkipBadRows,
    Window,
    parse_day,
)
from riskml.cli.output import write_parquet
from riskml.cli.progress import show_progress

__all__ = ["features"]


def features(
    records: RecordsArgument,
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", help="Output Parquet file.", show_default=False)],
    window: Window = 12,
    outcome: OutcomeKind = "any",
    income_age: IncomeAge = 0,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Write the features of every household known at a date.

    The file has one row per household, with household_id and one column per feature. docs/features.md explains every
    column. Amounts are multiples of the monitoring line.
    """
    from riskml.cli.inputs import read_records
    from riskml.features import build_all
    from riskml.policy import load_policy
    from riskml.splits import Settings

    at = parse_day(as_of, "--as-of")
    basis = Settings(window, outcome=outcome, income_age=income_age).basis
    with show_progress() as bar:
        loaded = read_records(records, load_policy(policy), skip_bad_rows, bar, at)
        bar.stage("features", len(loaded))
        matrix = build_all(loaded, [at], basis, progress=bar.step)
    frame = matrix.take(loaded.panel(at).known).to_frame()
    write_parquet(out, frame)
    typer.echo(f"{len(frame):,} households, {len(matrix.columns)} features as of {as_of}: {out}")
