"""Starts the service on the demo's county."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.accounts import Account

__all__ = ["prepare", "prepare_again", "prepare_demo", "serve_demo"]

MOST, MONTHS, HELD_BACK = 1_500, 12, 6
"""Households imported at most, so that the demo stays short; month ends scored, so that there is a course to see;
last months that the pages do not know yet: what became of the households in them is what visits found before."""


def prepare_demo(
    out: Path, bundle: Path, county: Path, last: dt.date, most: int = MOST, months: int = MONTHS
) -> tuple[Settings, list[Account]]:
    """Make the database of the demo anew: part of the county, its accounts, and months of scores and visits.

    Parameters
    ----------
    out, bundle, county : Path
        Folder of the demo, of its model, of its records.
    last : date
        Last month end of the records. Six months before is the day that counts as today.
    most, months : int
        Households imported at most, and month ends scored; visits follow all of them but the last.

    Returns
    -------
    tuple of Settings and list of Account
        To run the service with, and to sign in with.
    """
    from riskml.cli.progress import show_progress
    from riskml.loading import load_records
    from riskml_serving.base.database import open_engine, upgrade
    from riskml_serving.commands.demo.accounts import make_accounts
    from riskml_serving.commands.demo.county import (
        choose_towns,
        import_unscored,
        list_month_ends,
        score_month,
        write_region_names,
    )
    from riskml_serving.commands.demo.history import visit_month
    from riskml_serving.judging.model import load_model

    out, bundle = out.resolve(), bundle.resolve()  # whoever serves them may stand in another folder
    *_, today = as_ofs = list_month_ends(last, months + HELD_BACK)[:months]
    database, names = out / "service.db", out / "region_names.csv"
    for end in ("", "-wal", "-shm"):
        Path(f"{database}{end}").unlink(missing_ok=True)
    towns = choose_towns(county, out / "served", most, today)
    url = f"sqlite:///{database}"
    engine = open_engine(url)
    upgrade(engine)
    model, visits = load_model(bundle), 0
    with show_progress() as bar:
        villages = import_unscored(engine, out / "served", today, bar)
        accounts = make_accounts(engine, villages)
        records, span = load_records(county, model.policy), model.narrator.settings
        bar.stage("scores and visits, month by month", months)
        for as_of in as_ofs:
            score_month(engine, model, as_of)
            if as_of < today:
                visits += visit_month(engine, records, span, accounts, as_of, last)
            bar.step()
    write_region_names(villages, names)
    engine.dispose()
    typer.echo(f"The pages show {len(towns)} of the county's towns, {len(villages)} villages, replayed as of {today},")
    typer.echo(f"with {visits} simulated visits: their findings are what became of the households until {last}.")
    settings = Settings(
        database_url=url,
        bundle=bundle,
        today=today,
        simulated=True,
        region_names=names,
        model_store=out / "releases",
        export_folder=out / "exports",
    )
    return settings, accounts


def prepare_again(demo: Path) -> tuple[Settings, list[Account]]:
    """Prepare a demo that has been run; see :func:`prepare_demo`."""
    from riskml.loading import load_records
    from riskml.policy import load_policy
    from riskml.records.contract.calendar import month_end, to_date

    last = to_date(month_end(load_records(demo / "county", load_policy()).last_month))
    return prepare_demo(demo, demo / "bundle", demo / "county", last)


def prepare(out: Path, bundle: Path, county: Path, last: dt.date) -> Settings:
    """Prepare the demo and print its accounts; see :func:`prepare_demo`."""
    settings, accounts = prepare_demo(out, bundle, county, last)
    typer.secho("Demo accounts, made by this demo only (演示账号,仅用于演示,勿用于正式环境):", bold=True)
    for account in accounts:
        health = "with health details" if account.health_details else "no health details"
        where = f"region {account.region}, {health}"
        typer.echo(f"  {account.username:<14} password {account.password}   {where}")
    return settings


def serve_demo(out: Path, bundle: Path, county: Path, last: dt.date) -> None:
    """Prepare and serve; see :func:`prepare`."""
    from riskml_serving.running.server import run

    settings = prepare(out, bundle, county, last)
    typer.secho(f"Staff pages: http://{settings.host}:{settings.port}/   (Ctrl+C stops)", bold=True)
    run(settings)
