"""``riskml-serving db``: upgrade the database to the tables of this version."""

from __future__ import annotations

import typer

from riskml.cli.terminal import say
from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import Database

app = typer.Typer(help="Create or upgrade the database.", no_args_is_help=True)


@app.command()
def upgrade(db: Database = None) -> None:
    """Upgrade the database to the tables of this version. Back it up first."""
    from riskml_serving.base.database import open_engine
    from riskml_serving.base.database import upgrade as migrate

    engine = open_engine(db or Settings().database_url)
    migrate(engine)
    engine.dispose()
    say("The database has the tables of this version.")
