"""Commands that other packages add through entry points."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

__all__ = ["find_extensions"]


def find_extensions(group: str) -> Iterator[EntryPoint]:
    """Find the entry points of a group whose code is installed.

    Notes
    -----
    One that names an extra (``module:function [devtools]``) is left out where its module is absent, as the tools of
    developers are from the production image. Any other is returned whatever its state, so that a broken installation
    shows.
    """
    return (entry for entry in entry_points(group=group) if not entry.extras or _has_module(entry.module))


def _has_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
