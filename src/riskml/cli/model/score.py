"""``riskml score``: score all households with the model and the rule line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import AsOf, BundleArgument, PolicyFile, RecordsArgument, SkipBadRows, parse_day
from riskml.cli.output import join_counts, write_table
from riskml.cli.progress import show_progress

__all__ = ["score"]


def score(
    bundle: BundleArgument,
    records: RecordsArgument,
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", help="Output file: .parquet, .csv or .xlsx.", show_default=False)],
    explain: Annotated[
        bool, typer.Option("--explain", help="Add causes, reasons and protective factors for every household at risk.")
    ] = False,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Score every household known at a date.

    The output has one row per household: its status, the calibrated probability of a fall within the model's horizon,
    the tier, the rule line's colour and flags, the signal (never greener than the rule line's colour), and whether the
    model and the rule line agree. For guidance only, not a basis for any decision.
    """
    from riskml.cli.inputs import describe_records_end, read_records, warn_if_simulated
    from riskml.explanation.household.explanation import NOTICE
    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.scoring import score as run

    model, table = Bundle.load(bundle), load_policy(policy)
    at = parse_day(as_of, "--as-of")
    with show_progress() as bar:
        loaded = read_records(records, table, skip_bad_rows, bar, at)
        frame = run(model, loaded, at, table, bar)
        if explain:
            from riskml.explanation.household.county import explain_all
            from riskml.explanation.household.narrator import Narrator

            bar.stage("reasons", len(loaded))
            reasons = explain_all(Narrator(model, table), loaded, at, progress=bar.step)
            frame = frame.merge(reasons, on="household_id", how="left")
    notes = [NOTICE["zh"], *filter(None, [describe_records_end(loaded, at, "zh"), warn_if_simulated(model, loaded)])]
    write_table(out, frame, notes)
    status, agreement = (join_counts(frame[name].value_counts().to_dict()) for name in ("status", "agreement"))
    typer.echo(f"{len(frame):,} households as of {as_of} ({status}): {out}")
    typer.echo(f"Model and rule line: {agreement}. {NOTICE['zh']}")
