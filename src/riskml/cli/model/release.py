"""``riskml release``: run the checks and, if none fails, set the alias `champion`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskml.cli.options import PolicyFile, SkipBadRows
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say
from riskml.errors import BundleError, TrackingError, UsageError
from riskml.text import Text

if TYPE_CHECKING:
    from riskml.model import Bundle


def release(
    bundle: Annotated[Path | None, typer.Argument(help="Model bundle to release.", show_default=False)] = None,
    version: Annotated[int | None, typer.Option(help="Registered version to release, instead of a bundle.")] = None,
    records: Annotated[
        Path | None, typer.Option(help="Records folder, to score the current champion on this model's test rows.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Private key that signs the bundle.")] = None,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Run the release checks; a model that passes becomes champion.

    On the same forward split, the model must not be worse than the current champion, the rule line or weighted past
    income. It must be calibrated, and monotone where the policy requires it. docs/checks explains every check. The
    service takes only a signed champion: sign it with --key, or beforehand with `riskml sign`.
    """
    from riskml import tracking
    from riskml.cli.inputs import load_bundle, read_records
    from riskml.evaluation.checks.run import require_release
    from riskml.evaluation.words import CHECK_STATUSES
    from riskml.keys import load_private_key
    from riskml.model import Bundle
    from riskml.model.bundle_files import MANIFEST, SIGNATURE, write_signature
    from riskml.policy import load_policy
    from riskml.training import run_release_checks
    from riskml.training.tracked import register

    if (bundle is None) == (version is None):
        raise UsageError("Give either a bundle or a registered --version.", "Run riskml release BUNDLE or --version N.")
    path = bundle or Path()
    if version is not None:
        path = tracking.download(version)
        say("Version {version} is the bundle {path}.", version=version, path=path)
    signer = None if key is None else load_private_key(key)
    candidate = load_bundle(path) if signer is None else Bundle.load(path)
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
    if signer is not None:
        write_signature(path, candidate.files[MANIFEST], signer)
    number = version or _find_registered(candidate) or register(path, candidate)
    if (path / SIGNATURE).exists():
        tracking.add_file(number, path / SIGNATURE)
    tracking.set_champion(number)
    say("{model} is now the champion (riskml version {number}).", model=candidate.model_version, number=number)


def _find_registered(candidate: Bundle) -> int | None:
    """Find the version that holds a bundle with the same manifest; None if there is none, or its files are gone."""
    from riskml import tracking
    from riskml.model.bundle_files import MANIFEST, read_manifest

    number = tracking.find_version(candidate.model_version)
    with suppress(BundleError, TrackingError):
        if number is not None and read_manifest(tracking.download(number))[MANIFEST] == candidate.files[MANIFEST]:
            return number
    return None
