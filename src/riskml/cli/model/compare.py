"""``riskml compare``: compare two models on the same test rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import AsJson, PolicyFile, SkipBadRows
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress
from riskml.cli.terminal import choose_language, say
from riskml.text import Text


def compare(
    bundle: Annotated[Path, typer.Argument(help="First model bundle.", show_default=False)],
    other: Annotated[Path, typer.Argument(help="Second model bundle.", show_default=False)],
    records: Annotated[
        Path | None,
        typer.Option(help="Records folder, to score both models on the first one's test rows, with paired intervals."),
    ] = None,
    as_json: AsJson = False,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Compare two models and the baselines on the same test rows.

    Without --records, the figures stored in the bundles are shown side by side. This requires that both models were
    tested on the same rows of the same records.
    """
    from riskml.cli.inputs import load_bundle, read_records
    from riskml.evaluation.comparison import render_text
    from riskml.policy import load_policy
    from riskml.training import compare_on, compare_stored, require_same_outcome

    first, second, table = load_bundle(bundle), load_bundle(other), load_policy(policy)
    require_same_outcome(first, second)
    if records is None:
        comparison = compare_stored(first, second)
    else:
        with show_progress() as bar:
            comparison = compare_on(read_records(records, table, skip_bad_rows, bar), first, second, table, bar)
    if as_json:
        print_json(comparison)
        return
    lang = choose_language()
    title = Text("{first} and {second} on the same test rows", first=first.model_version, second=second.model_version)
    typer.echo(render_text(comparison, title.read(lang), lang=lang))
    if records is None:
        say("Give --records RECORDS for the differences, with paired 95 % intervals.")
        return
    say("First minus second, with 95 % intervals over the same resamples of households:")
    names = {"auc": "AUC", "ap": Text("average precision"), "brier": Text("Brier (lower is better)")}
    for measure, name in names.items():
        difference = comparison[f"{measure}_difference"].get(second.model_version)
        if difference and (value := difference["value"]) is not None:
            low, high = difference["ci"] or (float("nan"), float("nan"))
            say("  {name}: {value:+.4f} ({low:+.4f} to {high:+.4f})", name=name, value=value, low=low, high=high)
