"""Starts the service on the demo's simulated county, with accounts and a year of scores and visits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from riskml.cli.terminal import say
from riskml.text import Text
from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.accounts import Account

MAX_HOUSEHOLDS, MONTHS, HELD_BACK = 1_500, 12, 6
"""Maximum number of households to import, so that the demo starts quickly; number of month ends to score, so that there
is a history; and number of final months that the pages do not show, but that determine what visits find."""


def prepare_demo(
    out: Path, bundle: Path, county: Path, last: dt.date, max_households: int = MAX_HOUSEHOLDS, months: int = MONTHS
) -> tuple[Settings, list[Account]]:
    """Recreate the demo's database: part of the county, accounts, and several months of scores and visits.

    Parameters
    ----------
    out, bundle, county : Path
        Folders for the demo, its model and its records.
    last : date
        Last month end in the records. The month end six months earlier counts as today.
    max_households, months : int
        Maximum number of households to import, and number of month ends to score. Visits follow each month end except
        the last.

    Returns
    -------
    tuple of Settings and list of Account
        The settings for the service, and the accounts to sign in with.
    """
    from riskml.cli.progress import show_progress
    from riskml.loading import load_records
    from riskml_serving.base.database import open_engine, upgrade
    from riskml_serving.commands.demo.accounts import create_accounts
    from riskml_serving.commands.demo.county import (
        choose_towns,
        invent_names,
        list_month_ends,
        list_villages,
        score_month,
        write_region_names,
    )
    from riskml_serving.commands.demo.history import visit_month
    from riskml_serving.judging.importing.service import import_folder
    from riskml_serving.judging.model import load_model
    from riskml_serving.register.keys import add_key

    out, bundle = out.resolve(), bundle.resolve()  # absolute, since the service may run in another folder
    *_, today = as_ofs = list_month_ends(last, months + HELD_BACK)[:months]
    database, names, key = out / "service.db", out / "region_names.csv", out / "identity.key"
    key.unlink(missing_ok=True)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    towns = choose_towns(county, out / "served", max_households, today)
    url = f"sqlite:///{database}"
    engine = open_engine(url)
    upgrade(engine)
    model, visits = load_model(bundle, trial=True), 0
    with show_progress() as bar:
        import_folder(engine, out / "served", today, None, bar, simulated=True)
        invent_names(engine, add_key(key), out / "served", today)
        villages = list_villages(engine)
        accounts = create_accounts(engine, villages)
        records, span = load_records(county, model.policy), model.narrator.settings
        bar.stage("scores and visits, month by month", months)
        for as_of in as_ofs:
            score_month(engine, model, as_of)
            if as_of < today:
                visits += visit_month(engine, records, span, accounts, as_of, last)
            bar.step()
    write_region_names(villages, names)
    engine.dispose()
    say(
        "The pages show {towns} of the county's towns, {villages} villages, replayed as of {today},\n"
        "with {visits} simulated visits: their findings reflect what happened to the households until {last}.",
        towns=len(towns),
        villages=len(villages),
        today=today,
        visits=visits,
        last=last,
    )
    settings = Settings(
        database_url=url,
        bundle=bundle,
        trusted_keys=tuple(filter(None, [model.bundle.signer])),  # its own key
        today=today,
        simulated=True,
        region_names=names,
        identity_key=key,
        model_store=out / "releases",
        export_folder=out / "exports",
    )
    return settings, accounts


def prepare_again(demo: Path) -> tuple[Settings, list[Account]]:
    """Prepare an existing demo again; see :func:`prepare_demo`."""
    from riskml.loading import load_records
    from riskml.policy import load_policy
    from riskml.records.contract.calendar import to_date, to_month_end

    last = to_date(to_month_end(load_records(demo / "county", load_policy()).last_month))
    return prepare_demo(demo, demo / "bundle", demo / "county", last)


def serve_demo(out: Path, bundle: Path, county: Path, last: dt.date) -> None:
    """Prepare the demo, print its accounts and serve; see :func:`prepare_demo`."""
    from riskml_serving.running.server import run

    settings, accounts = prepare_demo(out, bundle, county, last)
    say("Demo accounts, created by this demo only:")
    for account in accounts:
        say(
            "  {username:<14} password {password}   region {region}, {health}, {names}",
            username=account.username,
            password=account.password,
            region=account.region,
            health=Text("with health details" if account.health_details else "no health details"),
            names=Text("with invented names" if account.identity else "no names"),
        )
    say("Staff pages: http://{host}:{port}/   (Ctrl+C stops)", host=settings.host, port=settings.port)
    run(settings)
