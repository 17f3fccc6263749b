"""Add commands that other packages provide through entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any

import typer

from riskml.errors import UsageError


def add_extensions(entry_point_group: str, apps: Mapping[str, typer.Typer]) -> None:
    """Add the commands in an entry-point group.

    Parameters
    ----------
    entry_point_group : str
        Name of the group. Its entries are named ``command``, or ``app.command`` for a command in a sub-application.
    apps : mapping of str to Typer
        Sub-applications by name; the main application has the empty name.

    Notes
    -----
    A command that cannot be loaded is listed as broken, and reports the reason when it is called. All other commands
    keep working.
    """
    for entry in _find_installed(entry_point_group):
        app_name, _, name = entry.name.rpartition(".")
        try:
            command = entry.load()
        except Exception as error:
            command = _make_broken(name, f"{type(error).__name__}: {error}")
        apps[app_name].command(name, context_settings=getattr(command, "context_settings", None))(command)


def _find_installed(entry_point_group: str) -> Iterator[EntryPoint]:
    """Find the entry points whose code is installed.

    An entry that names an extra (``module:function [devtools]``) is left out if its module is absent, as the developer
    tools are in the production image. All other entries are returned, so that a broken installation is noticed.
    """
    return (entry for entry in entry_points(group=entry_point_group) if not entry.extras or _has_module(entry.module))


def _has_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _make_broken(name: str, reason: str) -> Callable[..., Any]:
    """Make a command that accepts any arguments and fails with ``reason`` in its error message."""

    def broken() -> None:
        raise UsageError(
            "The command {name!r} cannot be loaded: {reason}.",
            "Reinstall the package that provides it.",
            name=name,
            reason=reason,
        )

    broken.__doc__ = f"Cannot be loaded: {reason}."
    broken.context_settings = {"allow_extra_args": True, "ignore_unknown_options": True}  # type: ignore[attr-defined]
    return broken
