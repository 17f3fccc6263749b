"""``riskml-serving``: every command in one application."""

from __future__ import annotations

from typing import Any, Self

import typer

from riskml.cli.extensions import add_extensions
from riskml.cli.options import accept_language
from riskml.cli.terminal import run
from riskml.errors import UsageError
from riskml.text import Text
from riskml_serving.base.problems import Problem
from riskml_serving.commands.audit import app as audit
from riskml_serving.commands.database import app as database
from riskml_serving.commands.documents import openapi, settings
from riskml_serving.commands.exporting import export
from riskml_serving.commands.importing import import_records, withdraw
from riskml_serving.commands.keys import app as keys
from riskml_serving.commands.lists import lists
from riskml_serving.commands.model import app as model
from riskml_serving.commands.retention import forget, retention
from riskml_serving.commands.users import app as users
from riskml_serving.commands.worker import worker

app = typer.Typer(
    name="riskml-serving",
    help="Operate the scoring service: database, records, keys, accounts, models, audit and jobs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("import")(import_records)
for command in (withdraw, export, lists, forget, retention, worker, openapi, settings):
    app.command()(command)
for name, group in {"audit": audit, "keys": keys, "users": users, "db": database, "model": model}.items():
    app.add_typer(group, name=name)
add_extensions("riskml_serving.commands", {"": app})
accept_language(app)


class _Refusal(Text):
    """What is wrong with a command, in the words of a problem, which stand in no catalogue."""

    problem: Problem

    def __new__(cls, problem: Problem) -> Self:
        text = super().__new__(cls, ". ".join([problem.en, *(error.en for error in problem.errors)]) + ".")
        text.problem = problem
        return text

    def read(self, lang: str) -> str:
        if lang != "zh":
            return str(self)
        return "：".join([self.problem.zh, "；".join(error.zh for error in self.problem.errors)]).rstrip("：") + "。"


def _run_app(**options: Any) -> Any:
    """Run the application; what a check refuses is an error of the command, as a page or a response says it."""
    try:
        return app(**options)
    except Problem as problem:
        raise UsageError(_Refusal(problem)) from problem


def main() -> None:
    """Run ``riskml-serving``."""
    run(_run_app)
