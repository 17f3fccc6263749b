"""The commands: one module each; other packages add theirs through the entry-point group ``riskml.commands``."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points

__all__ = ["COMMANDS", "main"]

COMMANDS = "riskml.commands"
"""Entry-point group: name of a command, ``benchmark.`` before it where it is one of those, and what runs it."""


def main() -> None:
    """Entry point of the ``riskml`` command: every module of this package adds its own command."""
    from riskml.cli.app import app, run
    from riskml.cli.benchmark import benchmark

    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    for entry in entry_points(group=COMMANDS):
        group, _, name = entry.name.rpartition(".")
        (benchmark if group == "benchmark" else app).command(name)(entry.load())
    run()
