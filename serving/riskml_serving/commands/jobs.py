"""``riskml-serving worker``: works on jobs in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import Database

__all__ = ["worker"]


def worker(
    db: Database = None,
    bundle: Annotated[Path | None, typer.Option("--bundle", help="Bundle folder; as for `riskml serve`.")] = None,
) -> None:
    """Work on jobs until stopped; several may run. Set RISKML_SERVING_JOB_WORKER=false for the service beside it."""
    import signal
    import threading

    from riskml_serving.base.database import open_database
    from riskml_serving.judging.jobs.worker import Worker
    from riskml_serving.judging.model import Holder, Keeper, load_model

    given: dict[str, Any] = {"database_url": db, "bundle": bundle}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    with open_database(settings.database_url) as engine:
        holder = Holder()
        keeper = Keeper(engine, holder, settings, load_model)
        keeper.start()
        work = Worker(engine, settings, lambda: holder.current)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: work.stopping.set())
        typer.echo("riskml works on jobs")
        if settings.model_poll_seconds:

            def look() -> None:
                while not work.stopping.wait(settings.model_poll_seconds):
                    keeper.look()

            threading.Thread(target=look, name="riskml-model", daemon=True).start()
        work.run()
