"""Training runs and released models in MLflow: every run is logged, and one version of the model is the champion.

The address of the server is taken from ``MLFLOW_TRACKING_URI``; by default it is an SQLite file, ``mlflow.db``, in the
working directory, with its artifacts next to it. A model is registered as its bundle folder, not as a pickle or an
MLflow model. MLflow takes seconds to import, so it is imported only when it is first used.
"""

from __future__ import annotations

import logging
import math
import os
import re
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from riskml.errors import TrackingError
from riskml.text import Joined

NAME = "riskml"
"""Name of the experiment and of the registered model."""

CHAMPION, CHALLENGER = "champion", "challenger"

_LOCAL = ("", "file")
"""Schemes of artifacts on this machine."""
_SQLITE, _ARTIFACTS = "sqlite:///", "mlartifacts"
_PATIENCE = 300.0
"""Seconds to wait while another process creates the tables of a new database."""

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # no usage data leaves the machine
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # with the default of seven, MLflow takes minutes to fail
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


@dataclass(frozen=True)
class Registered:
    """A registered model.

    Parameters
    ----------
    version : int
    path : Path
        Local folder of its bundle.
    """

    version: int
    path: Path


def log_run(
    bundle_path: str | Path,
    params: Mapping[str, object],
    metrics: Mapping[str, float | None],
    tags: Mapping[str, str] | None = None,
) -> int:
    """Log a training run, register its bundle as ``riskml``, and give it the alias ``challenger``.

    Parameters
    ----------
    bundle_path : path
        A saved bundle; all its files become artifacts.
    params, metrics, tags : mappings
        Parameters, metrics and tags of the run. Metrics that are missing or not finite are left out; the tag
        ``model_version`` names the run.

    Returns
    -------
    int
        Version number of the model in the registry.

    Raises
    ------
    TrackingError
        If there is no bundle at that path, or the server cannot be used.
    """
    tags = dict(tags or {})
    if not (Path(bundle_path) / "manifest.json").is_file():
        raise TrackingError(
            "There is no model bundle at {path} to register.", "Save the bundle first.", path=bundle_path
        )
    with _connect() as (client, entities):
        run = client.create_run(_ensure_experiment(client), run_name=tags.get("model_version"), tags=tags)
        run_id = run.info.run_id
        try:
            now = int(run.info.start_time)
            client.log_batch(
                run_id,
                metrics=[
                    entities.Metric(name, float(value), now, 0)
                    for name, value in metrics.items()
                    if value is not None and math.isfinite(value)
                ],
                params=[entities.Param(name, str(value)) for name, value in params.items()],
            )
            client.log_artifacts(run_id, str(bundle_path), "bundle")
            if not client.search_registered_models(f"name = '{NAME}'"):
                client.create_registered_model(NAME)
            source = f"{run.info.artifact_uri}/bundle"
            version = int(client.create_model_version(NAME, source, run_id, tags=tags).version)
            client.set_registered_model_alias(NAME, CHALLENGER, str(version))
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id)
    return version


def fetch_champion(to: str | Path | None = None) -> Registered | None:
    """Find the champion and make its bundle available locally; return None before the first release.

    Parameters
    ----------
    to : path, optional
        Where to store the copy if the artifacts are on another machine (default: a new temporary folder).

    Raises
    ------
    TrackingError
        If the bundle's files are gone, or the server cannot be used.
    """
    version = find_champion_version()
    return None if version is None else Registered(version, download(version, to))


def find_champion_version() -> int | None:
    """Find the champion's version without fetching its files; return None before the first release.

    Raises
    ------
    TrackingError
        If the server cannot be used.
    """
    with _connect() as (client, _):
        models = client.search_registered_models(f"name = '{NAME}'")
        version = models[0].aliases.get(CHAMPION) if models else None
    return None if version is None else int(version)


def find_version(model_version: str) -> int | None:
    """Find the latest registered version whose bundle has the given model version; return None if there is none.

    Raises
    ------
    TrackingError
        If the server cannot be used.
    """
    with _connect() as (client, _):
        if not client.search_registered_models(f"name = '{NAME}'"):
            return None
        versions = client.search_model_versions(f"name = '{NAME}'")
        return max((int(v.version) for v in versions if v.tags.get("model_version") == model_version), default=None)


def set_champion(version: int) -> None:
    """Move the alias ``champion`` to a registered version.

    Raises
    ------
    TrackingError
        If the version is not registered, or the server cannot be used.
    """
    with _connect() as (client, _):
        _require_version(client, version)
        client.set_registered_model_alias(NAME, CHAMPION, str(version))


def add_file(version: int, file: Path) -> None:
    """Add a file to a registered bundle, or replace it there.

    Raises
    ------
    TrackingError
        If the version is not registered, its files are gone, or the server cannot be used.
    """
    with _connect() as (client, _):
        registered = _require_version(client, version)
        if urlsplit(str(registered.source)).scheme not in _LOCAL:
            client.log_artifact(registered.run_id, str(file), "bundle")
            return
    (download(version) / file.name).write_bytes(file.read_bytes())


def download(version: int, to: str | Path | None = None) -> Path:
    """Download a registered bundle and return its folder.

    Parameters
    ----------
    version : int
    to : path, optional
        Where to store the files if they are on another machine (default: a new temporary folder). Artifacts on this
        machine are used where they are, or next to the database if they were moved with it.

    Raises
    ------
    TrackingError
        If the version is not registered, its files are gone, or the server cannot be used.
    """
    with _connect() as (client, _):
        source = str(_require_version(client, version).source)
        parts = urlsplit(source)
        if parts.scheme in _LOCAL:
            path = Path(url2pathname(parts.path))
        else:
            from mlflow.artifacts import download_artifacts

            folder = str(to) if to else tempfile.mkdtemp(prefix="riskml-")
            path = Path(download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=_resolve_uri()))
    moved = _find_beside_database(path)
    if path.is_dir() or (moved is not None and moved.is_dir()):
        return path if moved is None or path.is_dir() else moved
    missing = {str(folder): None for folder in (path, moved) if folder is not None}
    raise TrackingError(
        "The bundle of version {version} is missing: there is no folder {folders}.",
        "Move the folder `mlartifacts` next to the tracking database, or release the folder that `riskml train --out` "
        "wrote: `riskml release BUNDLE`.",
        version=version,
        folders=Joined(missing, " or ", " 或 "),
    )


def _find_beside_database(path: Path) -> Path | None:
    """Return where a bundle lies if its folder was moved together with the database; None if there is no such place."""
    database = _find_database()
    _, artifacts, rest = path.as_posix().rpartition(f"/{_ARTIFACTS}/")
    return database.parent / _ARTIFACTS / rest if database is not None and artifacts else None


def _find_database() -> Path | None:
    """Return the file of the tracking database; None if it is not an SQLite file."""
    uri = _resolve_uri()
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) and not uri.endswith(":memory:") else None


def _resolve_uri() -> str:
    """Return the server's address; an SQLite file's path is made absolute, so that it is valid in any folder."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    if uri.startswith(_SQLITE) and not uri.endswith(":memory:"):
        return _SQLITE + Path(uri.removeprefix(_SQLITE)).absolute().as_posix()
    return uri


def _ensure_experiment(client: Any) -> str:
    """Return the experiment's id, creating it on first use; with SQLite, artifacts are kept next to the database."""
    experiment = client.get_experiment_by_name(NAME)
    if experiment is None:
        database = _find_database()
        location = None if database is None else (database.parent / _ARTIFACTS).as_uri()
        return str(client.create_experiment(NAME, artifact_location=location))
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            "The experiment {name!r} was deleted in MLflow.",
            "Restore it: mlflow experiments restore --experiment-id {id}",
            name=NAME,
            id=experiment.experiment_id,
        )
    return str(experiment.experiment_id)


def _require_version(client: Any, version: int) -> Any:
    registered = client.search_model_versions(f"name = '{NAME}'") if client.search_registered_models() else []
    versions = {int(model.version): model for model in registered}
    if version in versions:
        return versions[version]
    numbers = sorted(versions)
    raise TrackingError(
        "No version {version} of the model {name!r} is registered at {uri}.",
        "Registered: {numbers}." if numbers else "`riskml train` registers the first one.",
        version=version,
        name=NAME,
        uri=_hide_credentials(_resolve_uri()),
        numbers=Joined(numbers),
    )


def _hide_credentials(text: str) -> str:
    """Remove the user and password from an address, or from a message that contains an address.

    >>> _hide_credentials("no answer from postgresql://user:secret@db/riskml")
    'no answer from postgresql://db/riskml'
    """
    return re.sub(r"//[^/@\s]*@", "//", text)


@cache
def _create_tables(uri: str) -> None:
    """Let MLflow create the tables of an SQLite file, while other processes that use the file for the first time wait.

    MLflow creates them on first use without a lock, so two processes that do so at the same time can both fail.
    """
    from mlflow import MlflowClient

    database = _find_database()
    if database is None:
        return
    lock = database.with_name(f".{database.name}.lock")
    with suppress(sqlite3.Error), closing(sqlite3.connect(lock, timeout=_PATIENCE)) as waiting:
        waiting.execute("BEGIN EXCLUSIVE")  # an empty database serves as a lock on every platform
        client = MlflowClient(uri, uri)
        client.get_experiment_by_name(NAME)
        client.search_registered_models(max_results=1)
    with suppress(OSError):
        lock.unlink(missing_ok=True)


@contextmanager
def _connect() -> Iterator[tuple[Any, Any]]:
    """Connect without log output, yield MLflow's client and entities, and turn every failure into a TrackingError."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from alembic.util import CommandError
        from mlflow import MlflowClient, entities
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        for logger in ("mlflow", "alembic"):
            logging.getLogger(logger).setLevel(logging.WARNING)
        uri = _resolve_uri()
        try:
            _create_tables(uri)
            yield MlflowClient(uri, os.environ.get("MLFLOW_REGISTRY_URI") or uri), entities
        except (CommandError, MlflowException, SQLAlchemyError, OSError) as error:
            lines = str(error).strip().splitlines()
            raise TrackingError(
                "The tracking server at {uri} cannot be used: {reason}",
                "Start the server or correct MLFLOW_TRACKING_URI; unset it to use mlflow.db in this folder.",
                uri=_hide_credentials(uri),
                reason=_hide_credentials(lines[0]) if lines else type(error).__name__,
            ) from error
