"""``riskml score``: score all households with the model and the rule line."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskml.cli.options import AsOf, BundleArgument, Cluster, PolicyFile, RecordsArgument, SkipBadRows, parse_day
from riskml.cli.output import TABLE_ENDINGS, join_counts, require_place, write_table
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say
from riskml.vocabulary.verdicts import AGREEMENTS, STATUSES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from riskml.model import Bundle
    from riskml.policy import Policy
    from riskml.progress import Progress
    from riskml.records.panel.store import Records


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
    cluster: Cluster = None,
) -> None:
    """Score every household known on a date.

    The output has one row per household: its status, the calibrated probability of a fall within the model's horizon,
    the tier, the rule line's colour and flags, the signal (never milder than the rule line's colour), and whether the
    model and the rule line agree. For guidance only, not a basis for any decision.
    """
    from riskml.cli.inputs import load_bundle, map_records, warn_if_simulated
    from riskml.cli.model.score_sheet import make_score_sheet
    from riskml.explanation.household.explanation import NOTICE
    from riskml.policy import load_policy
    from riskml.scoring import tabulate_scores

    at = parse_day(as_of, "--as-of")
    require_place(out, *TABLE_ENDINGS)
    model, table = load_bundle(bundle), load_policy(policy)
    judge = partial(_judge_all, bundle=model, policy=table, as_of=at, explain=explain)
    with show_progress() as bar:
        parts, extent = map_records(judge, records, table, skip_bad_rows, bar, at, cluster, out)
    frame = tabulate_scores(model, [judged for judged, _, _ in parts], at, table)
    if explain:
        import pandas as pd

        frame = frame.merge(pd.concat([reasons for _, reasons, _ in parts]), on="household_id", how="left")
    notes = [NOTICE["zh"], extent.describe_end(at, "zh"), warn_if_simulated(model, extent).read("zh")]
    write_table(out, frame, lambda: make_score_sheet(frame, table, model.settings.hardship), list(filter(None, notes)))
    status, agreement = (
        join_counts(frame[name].value_counts().to_dict(), words)
        for name, words in (("status", STATUSES), ("agreement", AGREEMENTS))
    )
    counted = {"households": len(frame), "as_of": as_of, "status": status, "out": out}
    say("{households:,} households as of {as_of} ({status}): {out}", **counted)
    if left := sum(deserted for _, _, deserted in parts):
        say("{count:,} household(s) left the lists: every member has left.", count=left)
    say("Model and rule line: {agreement}. {notice}", agreement=agreement, notice=NOTICE["zh"])


def _judge_all(
    records: Records, progress: Progress, bundle: Bundle, policy: Policy, as_of: int, explain: bool
) -> tuple[dict[str, NDArray[Any]], pd.DataFrame | None, int]:
    """Judge all households of some records; return the verdicts, the reasons, and how many households are deserted."""
    from riskml.scoring import judge_all

    judged, reasons = judge_all(bundle, records, as_of, policy, progress), None
    if explain:
        from riskml.explanation.household.county import explain_all
        from riskml.explanation.household.narrator import Narrator

        progress.stage("reasons", len(records))
        reasons = explain_all(Narrator(bundle, policy), records, as_of, progress=progress.step)
    return judged, reasons, int(records.panel(as_of).deserted.sum())
