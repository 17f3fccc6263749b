"""Starts the service on the demo's county."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from riskml_serving.demo.accounts import Account
from riskml_serving.settings import Settings

__all__ = ["prepare", "prepared", "serve_demo"]

MOST, MONTHS = 1_500, 3
"""Households imported at most, so that the demo stays short; month ends scored, so that there is a course to see."""


def prepared(
    out: Path, bundle: Path, county: Path, last: dt.date, most: int = MOST, months: int = MONTHS
) -> tuple[Settings, list[Account]]:
    """Make the database of the demo anew, with part of the county and its accounts.

    Parameters
    ----------
    out, bundle, county : Path
        Folder of the demo, of its model, of its records.
    last : date
        Day that counts as today: the last month end of the records.
    most, months : int
        Households imported at most, and month ends scored.

    Returns
    -------
    tuple of Settings and list of Account
        To run the service with, and to sign in with.
    """
    from riskml.cli.progress import progress
    from riskml_serving.database import open_engine, upgrade
    from riskml_serving.demo.accounts import make_accounts
    from riskml_serving.demo.county import bring_in, choose_towns, month_ends, name_regions
    from riskml_serving.model import load_model

    database, names = out / "service.db", out / "region_names.csv"
    for end in ("", "-wal", "-shm"):
        Path(f"{database}{end}").unlink(missing_ok=True)
    towns = choose_towns(county, out / "served", most)
    url = f"sqlite:///{database}"
    engine = open_engine(url)
    upgrade(engine)
    with progress() as bar:
        villages = bring_in(engine, out / "served", load_model(bundle), month_ends(last, months), bar)
    name_regions(villages, names)
    accounts = make_accounts(engine, villages)
    engine.dispose()
    typer.echo(f"The pages show {len(towns)} of the county's towns, {len(villages)} villages, replayed as of {last}.")
    settings = Settings(
        database_url=url,
        bundle=bundle,
        today=last,
        simulated=True,
        region_names=names,
        model_store=out / "releases",
        export_folder=out / "exports",
    )
    return settings, accounts


def prepare(out: Path, bundle: Path, county: Path, last: dt.date) -> Settings:
    """Prepare the demo and print its accounts; see :func:`prepared`."""
    settings, accounts = prepared(out, bundle, county, last)
    typer.secho("Demo accounts, made by this demo only (演示账号,仅用于演示,勿用于正式环境):", bold=True)
    for account in accounts:
        health = "with health details" if account.health_details else "no health details"
        where = f"region {account.region}, {health}"
        typer.echo(f"  {account.username:<14} password {account.password}   {where}")
    return settings


def serve_demo(out: Path, bundle: Path, county: Path, last: dt.date) -> None:
    """Prepare and serve; see :func:`prepare`."""
    from riskml_serving.running import run

    settings = prepare(out, bundle, county, last)
    typer.secho(f"Staff pages: http://{settings.host}:{settings.port}/   (Ctrl+C stops)", bold=True)
    run(settings)
