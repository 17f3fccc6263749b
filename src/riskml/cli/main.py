"""``riskml``: the application that contains all commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer

from riskml.cli.benchmark import BENCHMARKS
from riskml.cli.data.check import check
from riskml.cli.data.features import features
from riskml.cli.data.lists import lists
from riskml.cli.data.partition import partition
from riskml.cli.data.simulate import simulate
from riskml.cli.data.template import template
from riskml.cli.demo import demo
from riskml.cli.extensions import add_extensions
from riskml.cli.model.compare import compare
from riskml.cli.model.explain import explain
from riskml.cli.model.release import release
from riskml.cli.model.report import report
from riskml.cli.model.score import score
from riskml.cli.model.sign import create, sign
from riskml.cli.model.train import train
from riskml.cli.options import accept_language
from riskml.cli.terminal import refuse_empty_arguments, run

COMMANDS: tuple[Callable[..., None], ...] = (
    check,
    compare,
    demo,
    explain,
    features,
    lists,
    partition,
    release,
    report,
    score,
    sign,
    simulate,
    template,
    train,
)
EXTENSIONS = "riskml.commands"
"""Entry-point group for commands from other packages; an entry ``benchmark.NAME`` is added to ``riskml benchmark``."""


def build_app() -> typer.Typer:
    """Build the application, including commands from other packages."""
    app = typer.Typer(
        name="riskml",
        help="Predict which households may fall (back) into poverty within a year (防止返贫致贫), "
        "alongside the rule line.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: loading rich's would double the time that every command takes to start
    )
    benchmark = typer.Typer(no_args_is_help=True, help="Reproduce the figures stated in the README.")
    app.add_typer(benchmark, name="benchmark")
    keys = typer.Typer(no_args_is_help=True, help="Keys that sign model bundles and the audit log.")
    app.add_typer(keys, name="keys")
    keys.command()(create)
    for command in COMMANDS:
        app.command()(command)
    for command in BENCHMARKS:
        benchmark.command()(command)
    add_extensions(EXTENSIONS, {"": app, "benchmark": benchmark})
    accept_language(app)
    return app


def main() -> None:
    """Run the ``riskml`` command."""

    def start(**options: Any) -> Any:
        refuse_empty_arguments(sys.argv)
        return build_app()(**options)

    run(start)
