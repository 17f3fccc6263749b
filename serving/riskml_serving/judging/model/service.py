"""Rolls back a model release, and accepts a rolled-back release again."""

from __future__ import annotations

from sqlalchemy import Connection

from riskml.errors import UsageError
from riskml_serving.base.clock import now
from riskml_serving.judging.model import repository


def roll_back(connection: Connection) -> tuple[str, str]:
    """Reject the release in service; from its next refresh on, every worker uses the previous one.

    Returns
    -------
    tuple of str
        The version rejected, and the version in service instead.

    Raises
    ------
    UsageError
        If there is no previous release.
    """
    standing = [row["model_version"] for row in repository.list_releases(connection) if row["rejected_at"] is None]
    if len(standing) < 2:
        raise UsageError(
            "There is no release to roll back to.",
            "`riskml-serving model status` lists every release that has been in service.",
        )
    repository.reject(connection, standing[0], now())
    return standing[0], standing[1]


def accept(connection: Connection, version: str) -> None:
    """Accept a release that was rolled back.

    It returns to service if it is still in the bundle folder or the registry's champion.

    Raises
    ------
    UsageError
        If there is no such release, or it was not rolled back.
    """
    if not repository.accept(connection, version):
        raise UsageError(
            "There is no rolled-back release {version!r}.",
            "`riskml-serving model status` lists every release that has been in service.",
            version=version,
        )
