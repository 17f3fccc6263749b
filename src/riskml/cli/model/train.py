"""``riskml train``: fit a model, test it on later dates, save it and register it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from riskml.cli.options import IncomeAge, OutcomeKind, PolicyFile, RecordsArgument, SkipBadRows, Window, parse_day
from riskml.cli.output import require_place
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say


def train(
    records: RecordsArgument,
    out: Annotated[Path, typer.Option("--out", help="Output folder for the model bundle.", show_default=False)],
    window: Window = 12,
    horizon: Annotated[int, typer.Option(help="Months ahead to predict.")] = 12,
    outcome: OutcomeKind = "any",
    step: Annotated[int, typer.Option(help="Months between as-of dates.")] = 3,
    test_from: Annotated[
        str | None, typer.Option(help="First as-of date of the test rows; by default derived from the records.")
    ] = None,
    origins: Annotated[
        int, typer.Option(help="Number of test periods, each starting one horizon before the next.")
    ] = 1,
    refit: Annotated[
        bool, typer.Option("--refit", help="Refit the chosen model on all labelled as-of dates, for release.")
    ] = False,
    hardship: Annotated[
        Literal["count", "ignore"],
        typer.Option(help="Whether income below the line after unavoidable spending is a fall."),
    ] = "count",
    income_age: IncomeAge = 0,
    sample_households: Annotated[
        int | None,
        typer.Option(
            help="Train on only this many households, chosen by a hash of their codes; for records that do not fit"
            " into memory.",
            min=1,
        ),
    ] = None,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Train on past dates and test on later ones.

    The model is compared with the rule line and the other baselines. The model bundle is saved and registered as the
    challenger in MLflow (MLFLOW_TRACKING_URI; by default an SQLite file in the working directory).
    """
    from riskml.cli.inputs import read_records
    from riskml.cli.results import show_evaluation
    from riskml.model.bundle_files import MANIFEST, refuse_other
    from riskml.policy import load_policy
    from riskml.splits import Settings
    from riskml.training import train as run
    from riskml.training.tracked import register

    start = None if test_from is None else parse_day(test_from, "--test-from")
    settings = Settings(window, horizon, outcome, step, start, origins, hardship, income_age)
    table = load_policy(policy)
    refuse_other(out)
    require_place(out / MANIFEST)
    with show_progress() as bar:
        loaded = read_records(records, table, skip_bad_rows, bar, sample=sample_households)
        bundle = run(loaded, settings, table, folder=records, refit=refit, progress=bar)
        bar.stage("writing the bundle")
        bundle.save(out)
        bar.stage("registering in MLflow")
        version = register(out, bundle)
    show_evaluation(bundle.evaluation, simulated=bundle.simulated)
    registered = {"model": bundle.model_version, "out": out, "version": version}
    say("Bundle {model}: {out} (registered as riskml version {version}, challenger)", **registered)
