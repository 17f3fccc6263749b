"""``riskml-serving worker``: works on jobs in a separate process."""

from __future__ import annotations

import typer

from riskml.cli.terminal import choose_language, say
from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import BundleFolder, Database


def worker(db: Database = None, bundle: BundleFolder = None) -> None:
    """Work on jobs until stopped; several workers may run. Set RISKML_SERVING_JOB_WORKER=false for the service."""
    import signal
    import threading

    from riskml_serving.base.database import open_database
    from riskml_serving.desk.work import JOB, make_task
    from riskml_serving.judging.jobs.worker import Worker
    from riskml_serving.judging.model import Holder, Keeper, load_model
    from riskml_serving.judging.scores.repository import retract_scores
    from riskml_serving.operations.logs import log_to
    from riskml_serving.register.keys import read_keys
    from riskml_serving.store.records.purpose import guard_purpose, require_purpose

    settings = Settings.with_options(database_url=db, bundle=bundle)
    log_to(level=settings.log_level)
    with open_database(settings.database_url) as engine:
        require_purpose(engine, simulated=settings.simulated)
        guard_purpose(engine, simulated=settings.simulated)
        holder = Holder()
        keeper = Keeper(engine, holder, settings, load_model, retract_scores)
        keeper.start()
        for line in keeper.explain_silence(choose_language()):
            typer.echo(line, err=True)
        tasks = {JOB: make_task(engine, settings, read_keys(settings))}
        worker = Worker(engine, settings, lambda: holder.current, tasks)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stopping.set())
        say("riskml is processing jobs")
        if settings.model_poll_seconds:

            def poll() -> None:
                while not worker.stopping.wait(settings.model_poll_seconds):
                    keeper.refresh()

            threading.Thread(target=poll, name="riskml-model", daemon=True).start()
        worker.run()
