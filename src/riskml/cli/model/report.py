"""``riskml report``: one self-contained page on a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskml.cli.options import BundleArgument, Lang, PolicyFile, SkipBadRows
from riskml.cli.output import write_file
from riskml.cli.progress import show_progress

if TYPE_CHECKING:
    from riskml.model import Bundle

__all__ = ["report"]


def report(
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option("--out", help="HTML file to write.")] = Path("report.html"),
    lang: Annotated[Lang, typer.Option(help="Language of the page.")] = Lang.ZH,
    records: Annotated[
        Path | None,
        typer.Option(
            help="Records folder: coverage, contributions and trials of the reasons are computed from it anew,"
            " in place of those that the bundle carries.",
            show_default=False,
        ),
    ] = None,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Write everything about a model as one HTML file, readable offline and on paper.

    Data coverage and lateness, the comparison with the rule line, visits and lead time, calibration, contributions,
    groups, checks and limits; aggregates only. For reference in study and judgement only.
    """
    from riskml.model import Bundle
    from riskml.reporting import render_report

    loaded = Bundle.load(bundle)
    told = None if records is None else _from_records(loaded, records, policy, skip_bad_rows)
    text = render_report(loaded, lang=lang.value, report_data=told)
    write_file(out, lambda path: path.write_text(text, encoding="utf-8"))
    typer.echo(f"Report of {loaded.model_version}: {out}")


def _from_records(bundle: Bundle, records: Path, policy: Path | None, skip_bad_rows: Path | None) -> dict[str, Any]:
    from riskml.cli.inputs import read_records
    from riskml.policy import load_policy
    from riskml.training.aggregates import rebuild_report_data

    table = load_policy(policy)
    with show_progress() as bar:
        bar.stage("reading the records")
        return rebuild_report_data(read_records(records, table, skip_bad_rows), bundle, table, records, bar)
