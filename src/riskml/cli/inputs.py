"""Read the records that a command needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from riskml.cli.output import join_counts
from riskml.cli.terminal import choose_language, print_note
from riskml.text import Text

if TYPE_CHECKING:
    from riskml.model import Bundle
    from riskml.policy import Policy
    from riskml.progress import Progress
    from riskml.records.panel.extent import Extent
    from riskml.records.panel.lines import LineRow
    from riskml.records.panel.store import Records
    from riskml.records.reading.folder import Folder
    from riskml.records.reading.partitions import Partition

R = TypeVar("R")

NOT_TRAINED_HERE = Text(
    "The model was trained on a simulated county: its probabilities say nothing about these households."
)
"""Warning about scores of real households by a model that was trained on a simulated county."""


def load_bundle(path: Path) -> Bundle:
    """Load a bundle; print a notice to standard error if it is not signed."""
    from riskml.model import Bundle

    bundle = Bundle.load(path)
    if bundle.signer is None:
        print_note(
            "{path} is not signed: nothing shows who made it, and the service refuses it. `riskml sign` signs it.",
            path=path,
        )
    return bundle


def read_records(
    folder: Path,
    policy: Policy,
    skip_bad_rows: Path | None,
    progress: Progress,
    as_of: int | None = None,
    sample: int | None = None,
) -> Records:
    """Open, check and pack a records folder.

    Print to standard error how many rows were set aside, how many warnings there are about the records, and a warning
    if ``as_of`` lies outside the records.
    """
    from riskml.loading import load_records
    from riskml.records.panel.extent import Extent

    progress.stage("reading the records")
    records = load_records(folder, policy, skip_bad_rows, sample)
    print_check(folder, skip_bad_rows, records)
    if as_of is not None:
        _print_records_end(Extent.read(records), as_of)
    return records


def print_check(path: Path, skip_bad_rows: Path | None, checked: Folder | Records) -> None:
    """Print to standard error how many rows of a folder were set aside, and how many warnings its check gave."""
    if checked.skipped:
        counts = join_counts(dict(sorted(checked.skipped.items())))
        print_note("Rows set aside in {file}: {counts}.", file=skip_bad_rows, counts=counts)
    if checked.warnings:
        template = "{count} warning(s) about the records; `riskml check {path}` explains them."
        print_note(template, count=checked.warnings, path=path)


def map_records(
    function: Callable[[Records, Progress], R],
    folder: Path,
    policy: Policy,
    skip_bad_rows: Path | None,
    progress: Progress,
    as_of: int,
    cluster: str | None,
    out: Path,
) -> tuple[list[R], Extent]:
    """Run a function on the records of a folder, or on each of its partitions on the workers of a cluster.

    The partitions of a folder that is not divided yet are written beside ``out``, and deleted afterwards.

    Returns
    -------
    list
        The results, one for each partition that has households.
    Extent
        How far all records reach.
    """
    from riskml.records.panel.extent import Extent

    if cluster is None:
        records = read_records(folder, policy, skip_bad_rows, progress, as_of)
        return [function(records, progress)], Extent.read(records)
    from riskml.cluster.partition import open_partitions
    from riskml.cluster.workers import connect
    from riskml.records.panel.extent import merge_extents

    notify = partial(print_check, folder, skip_bad_rows)
    with connect(cluster) as workers:
        assert workers is not None, "there is an address"
        progress.stage("dividing the records")
        near, lines = out.resolve().parent, policy.usual_lines
        with open_partitions(folder, near, lines, skip_bad_rows, workers, notify) as partitions:
            progress.stage("partitions", len(partitions))
            pairs = workers.map(partial(_run, function, policy.lines), partitions, progress)
    extent = merge_extents([extent for _, extent in pairs])
    _print_records_end(extent, as_of)
    return [result for result, _ in pairs], extent


def _run(
    function: Callable[[Records, Progress], R], lines: Sequence[LineRow], partition: Partition
) -> tuple[R, Extent]:
    """Check that a partition is as it was written, then run a function on it."""
    from riskml.progress import Silent
    from riskml.records.panel.extent import Extent
    from riskml.records.panel.store import Records
    from riskml.records.reading.folder import open_folder

    partition.verify()
    with open_folder(partition.path, checked=True) as opened:
        records = Records.load(opened, lines)
    return function(records, Silent()), Extent.read(records)


def _print_records_end(extent: Extent, as_of: int) -> None:
    """Warn on standard error if ``as_of`` lies outside the records."""
    if warning := extent.describe_end(as_of, choose_language()):
        print_note("{warning}.", warning=warning)


def warn_if_simulated(bundle: Bundle, records: Records | Extent) -> Text:
    """Warn on standard error if a model from a simulated county scores real records; return the warning or ""."""
    if not bundle.simulated or records.simulated:
        return Text("")
    print_note("{warning} Train on the county's own history first.", warning=NOT_TRAINED_HERE)
    return NOT_TRAINED_HERE
