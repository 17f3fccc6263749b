"""``riskml report``: write one self-contained page about a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskml.cli.options import BundleArgument, Language, PolicyFile, SkipBadRows
from riskml.cli.output import require_place, write_file
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say

if TYPE_CHECKING:
    from riskml.model import Bundle


def report(
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option("--out", help="Output HTML file.")] = Path("report.html"),
    lang: Language = "zh",
    records: Annotated[
        Path | None,
        typer.Option(
            help="Records folder, from which to recompute coverage, contributions and the quality of the reasons; by"
            " default, those stored in the bundle are used.",
        ),
    ] = None,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Write a report on a model as one HTML file.

    The file works offline and in print. It covers data coverage and delays, the comparison with the rule line, visits
    and lead time, calibration, contributions, groups, checks and limits. It shows only aggregates. For guidance only,
    not a basis for any decision.
    """
    from riskml.cli.inputs import load_bundle
    from riskml.reporting import render_report

    require_place(out)
    loaded = load_bundle(bundle)
    report_data = None if records is None else _recompute(loaded, records, policy, skip_bad_rows)
    text = render_report(loaded, lang=lang, report_data=report_data)
    write_file(out, lambda path: path.write_text(text, encoding="utf-8"))
    say("Report on {model}: {out}", model=loaded.model_version, out=out)


def _recompute(bundle: Bundle, records: Path, policy: Path | None, skip_bad_rows: Path | None) -> dict[str, Any]:
    from riskml.cli.inputs import read_records
    from riskml.policy import load_policy
    from riskml.training.aggregates import rebuild_report_data

    table = load_policy(policy)
    with show_progress() as bar:
        return rebuild_report_data(read_records(records, table, skip_bad_rows, bar), bundle, table, records, bar)
