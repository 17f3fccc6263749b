"""``riskml partition``: divide records among folders by household, for a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from riskml.cli.options import Cluster, RecordsArgument, SkipBadRows
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say


def partition(
    records: RecordsArgument,
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="Output folder; earlier partitions are replaced.", file_okay=False, show_default=False
        ),
    ],
    parts: Annotated[
        int, typer.Option(help="Number of partitions; a worker needs 1 GB for 20,000 households.", min=1, max=9999)
    ],
    by: Annotated[
        Literal["hash", "region"],
        typer.Option(help="Divide the households by a hash of their codes, or region by region in the order of codes."),
    ] = "hash",
    skip_bad_rows: SkipBadRows = None,
    cluster: Cluster = None,
) -> None:
    """Divide records among Parquet folders by household, so that the workers of a cluster can share them.

    Every partition is a records folder with all records of its households, all lines, and the regional disasters that
    may strike them. Commands read the output folder like any other records folder.
    """
    from riskml.cli.inputs import print_check
    from riskml.cluster.partition import partition as run
    from riskml.cluster.partition import refuse_other_folder
    from riskml.cluster.workers import connect
    from riskml.policy import load_policy
    from riskml.records.checking.check import open_checked

    refuse_other_folder(out)
    with show_progress() as bar, connect(cluster) as workers:
        bar.stage("reading the records")
        with open_checked(records, skip_bad_rows, load_policy().usual_lines, workers) as opened:
            print_check(records, skip_bad_rows, opened)
            bar.stage("dividing the records")
            households = run(opened, out, parts, by, workers)
    say("{households:,} households in {parts} partitions: {out}", households=households, parts=parts, out=out)
