"""``riskml-serving``: every command in one application."""

from __future__ import annotations

import typer

from riskml.cli.extensions import add_extensions
from riskml.cli.options import accept_language
from riskml.cli.terminal import run
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

__all__ = ["app", "main"]

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


def main() -> None:
    """Run ``riskml-serving``."""
    run(app)
