"""``riskml score``: the model's opinion of everybody, beside the rule line's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import AsOf, BundleArgument, PolicyFile, RecordsArgument, SkipBadRows, parse_day
from riskml.cli.output import write_file
from riskml.cli.progress import show_progress

__all__ = ["score"]


def score(
    bundle: BundleArgument,
    records: RecordsArgument,
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write.", show_default=False)],
    explain: Annotated[
        bool, typer.Option("--explain", help="Add causes, reasons and protective factors of every household at risk.")
    ] = False,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Score every household known at a date.

    One row a household: its standing, the calibrated probability of a fall within the model's horizon, the tier,
    the rule line's colour and flags, the signal (never greener than the rule line's) and whether both agree.
    For reference in study and judgement only, not a basis for a decision.
    """
    from riskml.cli.inputs import read_records
    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.scoring import score as run

    model, table = Bundle.load(bundle), load_policy(policy)
    at = parse_day(as_of, "--as-of")
    with show_progress() as bar:
        bar.stage("reading the records")
        loaded = read_records(records, table, skip_bad_rows)
        frame = run(model, loaded, at, table, bar)
        if explain:
            from riskml.explanation.household.county import explain_all
            from riskml.explanation.household.narrator import Narrator

            bar.stage("reasons", len(loaded))
            reasons = explain_all(Narrator(model, table), loaded, at, progress=bar.step)
            frame = frame.merge(reasons, on="household_id", how="left")
    write_file(out, lambda path: frame.to_parquet(path, index=False))
    status = frame["status"].value_counts()
    counted = ", ".join(f"{count:,} {name}" for name, count in status.items())
    typer.echo(f"{len(frame):,} households as of {as_of} ({counted}): {out}")
    both = ", ".join(f"{count:,} {name}" for name, count in frame["agreement"].value_counts().items())
    typer.echo(f"Model and rule line: {both}. 仅供研判参考,不作为认定依据")
