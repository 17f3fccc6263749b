"""``riskml-serving lists``: import lists from departments without a browser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from riskml.cli.terminal import say
from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import identify_operator
from riskml_serving.commands.options import BundleFolder, Database


def lists(
    files: Annotated[list[Path], typer.Argument(help="Lists as received, or folders of them.", exists=True)],
    region: Annotated[str, typer.Option(help="Code of the county (6 digits).")],
    received: Annotated[
        Path | None,
        typer.Option(
            help="CSV file with the columns file and received_on; without it, the lists count as received today."
        ),
    ] = None,
    earlier: Annotated[
        bool, typer.Option("--earlier", help="These are lists from earlier years; the days of receipt are unknown.")
    ] = False,
    db: Database = None,
    bundle: BundleFolder = None,
) -> None:
    """Read lists from departments and import them; if there are questions, leave them for the page 数据导入.

    That page shows the lists that are waiting, and the households with a new warning.
    """
    from riskml.lists.deliveries import list_files
    from riskml.lists.side_files import read_received
    from riskml.vocabulary.regions import Level, is_region_code
    from riskml_serving.base.clock import today
    from riskml_serving.base.database import open_database, reading, writing
    from riskml_serving.desk import service
    from riskml_serving.desk.work import JOB, make_task
    from riskml_serving.judging.act import Act
    from riskml_serving.judging.jobs.worker import Worker
    from riskml_serving.judging.model import load_model
    from riskml_serving.people.auth import IDENTITY
    from riskml_serving.register.keys import require_keys
    from riskml_serving.store.records.purpose import require_purpose

    settings = Settings.with_options(database_url=db, bundle=bundle)
    with open_database(settings.database_url) as engine:
        if len(region) != Level.COUNTY or not is_region_code(region):
            raise UsageError("{region!r} is not the code of a county.", "A county's code has 6 digits.", region=region)
        days = read_received(received) if received else {}
        uploads = [service.Upload(path.name, path.read_bytes()) for path in list_files(files)]
        keys = require_keys(settings)
        require_purpose(engine, simulated=settings.simulated)
        caller = replace(identify_operator(), region=region, rights=frozenset((IDENTITY,)))
        model = load_model(settings.bundle_folder, settings.policy, settings.simulated, settings.trusted_keys)
        tasks = {JOB: make_task(engine, settings, keys)}

        def finish(delivery_id: str) -> dict[str, Any]:
            with reading(engine) as connection:
                delivery = service.require_delivery(connection, delivery_id, caller)
            Worker(engine, settings, lambda: model, tasks).finish(delivery["job_id"])
            with reading(engine) as connection:
                delivery = service.require_delivery(connection, delivery_id, caller)
                return {**delivery, "result": service.read_result(connection, keys, delivery)}

        with writing(engine) as connection:
            act = Act(connection, caller, today(settings), "command")
            code = service.add_delivery(act, keys, uploads, days, earlier=earlier)
        delivery = finish(code)
        result = delivery["result"]
        unclear = any(sheet["rows"] and (not sheet["topic"] or sheet["unclear"]) for sheet in result.get("sheets", ()))
        if delivery["fault"] or unclear or result["questions"]:
            say("The lists wait on the page Import lists (数据导入): {reason}", reason=_explain(delivery))
            return
        with writing(engine) as connection:
            service.start_job(Act(connection, caller, today(settings), "command"), delivery, "import")
        delivery = finish(code)
    if delivery["fault"]:
        say("The lists wait on the page Import lists (数据导入): {reason}", reason=_explain(delivery))
        return
    counts = json.loads(delivery["counts"])
    say(
        "Imported {files} list(s): {rows:,} rows written, {risen:,} households with a new warning.",
        files=len(uploads),
        rows=counts["rows"],
        risen=len(delivery["result"]["risen"]),
    )


def _explain(delivery: dict[str, Any]) -> str:
    """Return why a delivery was left, in the reader's language."""
    from riskml.cli.terminal import choose_language
    from riskml.text import Text

    if delivery["fault"]:
        fault: dict[str, str] = json.loads(delivery["fault"])
        return fault[choose_language()]
    if questions := delivery["result"]["questions"]:
        return Text("{count} question(s) about rows.", count=len(questions))
    return Text("a sheet or a column is not clear.")
