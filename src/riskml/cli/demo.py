"""``riskml demo``: run everything from training to the service, on a real panel and on a simulated county."""

from __future__ import annotations

import datetime as dt
import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskml.cli.progress import show_progress
from riskml.cli.results import show_evaluation
from riskml.cli.terminal import choose_language, say
from riskml.errors import UsageError
from riskml.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from riskml.model import Bundle
    from riskml.policy import Policy
    from riskml.records.panel.store import Records

MONTHS = 60

DEMO = "riskml.demo"
"""Entry-point group for the service that the demo starts at the end.

The entry is called with the paths of the demo's folder, the bundle and the records, and with the last month end in the
records.
"""


def demo(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Do not start the service at the end.")] = False,
    households: Annotated[int, typer.Option(help="Number of simulated households.", min=200)] = 5000,
    seed: Annotated[int, typer.Option(help="Random seed for the simulated county.", min=0)] = 1,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("demo"),
) -> None:
    """Run everything once, and start the service at the end.

    It tests on the real panel, simulates a county, trains, scores, explains one household and writes a report.
    """
    out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{(out / 'mlflow.db').resolve()}")
    _test_on_real_panel()
    county = _train_on_county(out, households, seed)
    last = _use_model(out, county)
    serve = next(iter(entry_points(group=DEMO, name="serve")), None)
    if serve is not None and not no_serve:
        _show_title("4  The service and its pages")
        serve.load()(out, out / "bundle", county, last)


def _show_title(template: str, **values: object) -> None:
    typer.secho(Text(template, **values).read(choose_language()), bold=True)


def _test_on_real_panel() -> None:
    from riskml.benchmarks.gsoep import run

    _show_title("1  A real panel (6,127 people in Germany, 1984 to 1988)")
    try:
        with show_progress() as bar:
            result = run(bar)
    except UsageError as error:
        say("Skipped: {reason}", reason=error.text)
        return
    show_evaluation(result["evaluation"])
    say(
        "With only 151 falls, the intervals are wide. Everyone in the panel is insured, so the health records add"
        " nothing here, and the panel cannot show any effect of illness.\n"
    )


def _train_on_county(out: Path, households: int, seed: int) -> Path:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from riskml.loading import load_records
    from riskml.model.bundle_files import MANIFEST, write_signature
    from riskml.policy import load_policy
    from riskml.simulation import simulate
    from riskml.splits import Settings
    from riskml.training import train
    from riskml.training.readiness import INCOME_AGE
    from riskml.training.tracked import register

    _show_title("2  A simulated county of {households:,} households", households=households)
    county = out / "county"
    with show_progress() as bar:
        bar.stage("simulating the county", households)
        simulate(county, households, MONTHS, seed, None, "last", bar.step, "mixed")
        bar.stage("reading the records")
        policy = load_policy()
        records = load_records(county, policy)
        bundle = train(records, Settings(income_age=INCOME_AGE), policy, folder=county, progress=bar)
        bundle.save(out / "bundle")
        key = Ed25519PrivateKey.generate()  # trusted by the service that this demo starts, and then gone
        write_signature(out / "bundle", bundle.files[MANIFEST], key)
        bar.stage("registering in MLflow")
        register(out / "bundle", bundle)
    show_evaluation(bundle.evaluation, simulated=True)
    return county


def _use_model(out: Path, county: Path) -> dt.date:
    """Write the scores and the report, and print one explanation; return the last month end in the records."""
    from riskml.loading import load_records
    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.records.contract.calendar import to_date, to_month_end
    from riskml.reporting import render_report
    from riskml.scoring import score

    _show_title("3  Scores, one explanation, and the report")
    policy, bundle = load_policy(), Bundle.load(out / "bundle")
    records = load_records(county, policy)
    as_of = to_month_end(records.last_month)
    with show_progress() as bar:
        frame = score(bundle, records, as_of, policy, bar)
    frame.to_parquet(out / "scores.parquet", index=False)
    (out / "report.html").write_text(render_report(bundle, simulated=True), encoding="utf-8")
    _explain_one(bundle, records, as_of, policy, frame)
    scores = {"count": len(frame), "day": to_date(as_of), "path": out / "scores.parquet"}
    say("Scores of {count:,} households as of {day}: {path}", **scores)
    say("Report: {path}   MLflow: {uri}", path=out / "report.html", uri=os.environ["MLFLOW_TRACKING_URI"])
    return to_date(as_of)


def _explain_one(bundle: Bundle, records: Records, as_of: int, policy: Policy, scores: pd.DataFrame) -> None:
    """Explain the riskiest household that the rule line does not flag, or the riskiest of all if it flags them all."""
    from riskml.cli.results import show_explanation
    from riskml.evaluation.capacity import rank_by_risk
    from riskml.explanation.household.narrator import Narrator

    ranked = scores.iloc[rank_by_risk(scores["margin"].to_numpy(), scores["household_id"].to_numpy(str))]
    unflagged = ranked[ranked["agreement"] == "model_only"]
    chosen = (unflagged if len(unflagged) else ranked).iloc[0]
    position = records.index(chosen["household_id"])
    assert position is not None, "scores name households of the records"
    panel = records.panel(as_of, position, position + 1, basis=bundle.settings.basis)
    explanation = Narrator(bundle, policy).explain(panel, agreement=str(chosen["agreement"]))
    show_explanation(explanation, "zh", simulated=True)
