"""``riskml``: every command in one application."""

from __future__ import annotations

from collections.abc import Callable

import typer

from riskml.cli.benchmark.explain import explain as benchmark_explain
from riskml.cli.benchmark.features import features as benchmark_features
from riskml.cli.benchmark.gsoep import gsoep
from riskml.cli.data.check import check
from riskml.cli.data.features import features
from riskml.cli.data.simulate import simulate
from riskml.cli.demo import demo
from riskml.cli.extensions import find_extensions
from riskml.cli.model.compare import compare
from riskml.cli.model.explain import explain
from riskml.cli.model.release import release
from riskml.cli.model.report import report
from riskml.cli.model.score import score
from riskml.cli.model.train import train
from riskml.cli.terminal import run

__all__ = ["build_app", "main"]

COMMANDS: tuple[Callable[..., None], ...] = (
    check,
    compare,
    demo,
    explain,
    features,
    release,
    report,
    score,
    simulate,
    train,
)
BENCHMARKS: tuple[Callable[..., None], ...] = (benchmark_explain, benchmark_features, gsoep)
EXTENSIONS = "riskml.commands"
"""Entry-point group: name of a command, ``benchmark.`` before it where it is one of those, and what runs it."""


def build_app() -> typer.Typer:
    """Build the application, with the commands that other packages add."""
    app = typer.Typer(
        name="riskml",
        help="Risk of return to poverty within a year, beside the rule line (防止返贫).",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    benchmark = typer.Typer(no_args_is_help=True, help="Measure again what the README states.")
    app.add_typer(benchmark, name="benchmark")
    for command in COMMANDS:
        app.command()(command)
    for command in BENCHMARKS:
        benchmark.command()(command)
    for entry in find_extensions(EXTENSIONS):
        group, _, name = entry.name.rpartition(".")
        (benchmark if group == "benchmark" else app).command(name)(entry.load())
    return app


def main() -> None:
    """Entry point of the ``riskml`` command."""
    run(build_app())
