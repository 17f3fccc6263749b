"""``riskml release``: run the checks and, if none fails, set the alias `champion`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import PolicyFile, SkipBadRows
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say
from riskml.errors import UsageError
from riskml.text import Text

__all__ = ["release"]


def release(
    bundle: Annotated[Path | None, typer.Argument(help="Model bundle to release.", show_default=False)] = None,
    version: Annotated[int | None, typer.Option(help="Registered version to release, instead of a bundle.")] = None,
    records: Annotated[
        Path | None, typer.Option(help="Records folder, to score the current champion on this model's test rows.")
    ] = None,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Run the release checks; a model that passes becomes champion.

    On the same forward split, the model must not be worse than the current champion, the rule line or weighted past
    income. It must be calibrated, and monotone where the policy requires it. docs/checks explains every check.
    """
    from riskml import tracking
    from riskml.cli.inputs import read_records
    from riskml.evaluation.checks.run import require_release
    from riskml.evaluation.words import CHECK_STATUSES
    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.training import run_release_checks
    from riskml.training.tracked import register

    if (bundle is None) == (version is None):
        raise UsageError("Give either a bundle or a registered --version.", "Run riskml release BUNDLE or --version N.")
    path = bundle or Path()
    if version is not None:
        path = tracking.download(version)
        say("Version {version} is the bundle {path}.", version=version, path=path)
    candidate = Bundle.load(path)
    table, released = load_policy(policy), tracking.fetch_champion()
    champion = None if released is None else Bundle.load(released.path)
    with show_progress() as bar:
        bar.stage("checks")
        loaded = None if records is None or champion is None else read_records(records, table, skip_bad_rows, bar)
        results = run_release_checks(candidate, champion, loaded, table, bar)
    say(
        "Trained on a simulated county: the service shows it in a trial only."
        if candidate.simulated
        else "Trained on real records."
    )
    for result in results:
        say(
            "{code}  {status:<14}  {title}{message}",
            code=result.code,
            status=result.status,
            word=CHECK_STATUSES.get_name(result.status, "zh"),
            title=result.title,
            message=Text(": {values}", values=result.message) if result.message else "",
        )
    require_release(results)
    number = version or tracking.find_version(candidate.model_version) or register(path, candidate)
    tracking.set_champion(number)
    say("{model} is now the champion (riskml version {number}).", model=candidate.model_version, number=number)
