"""``riskml compare``: two models on the same test rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import PolicyFile, SkipBadRows
from riskml.cli.progress import show_progress

__all__ = ["compare"]


def compare(
    bundle: Annotated[Path, typer.Argument(help="First model bundle.", show_default=False)],
    other: Annotated[Path, typer.Argument(help="Second model bundle.", show_default=False)],
    records: Annotated[
        Path | None,
        typer.Option(help="Score both on the first one's test rows in this records folder; gives paired intervals."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Show two models on the same test rows, with the baselines beside them.

    Without --records the figures that the bundles carry are put side by side, which needs that both were tested on
    the same rows of the same records.
    """
    from riskml.cli.inputs import read_records
    from riskml.evaluation.comparison import render_text
    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.training import compare_on, compare_stored

    one, two, table = Bundle.load(bundle), Bundle.load(other), load_policy(policy)
    if records is None:
        found = compare_stored(one, two)
    else:
        with show_progress() as bar:
            bar.stage("reading the records")
            found = compare_on(read_records(records, table, skip_bad_rows), one, two, table, bar)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False))
        return
    typer.echo(render_text(found, f"{one.model_version} and {two.model_version} on the same test rows"))
    difference = found["ap_difference"].get(two.model_version)
    if difference and difference["value"] is not None:
        low, high = difference["ci"] or (float("nan"), float("nan"))
        typer.echo(
            f"Average precision of the first less that of the second: {difference['value']:+.4f}"
            f" (95 % interval {low:+.4f} to {high:+.4f})."
        )
