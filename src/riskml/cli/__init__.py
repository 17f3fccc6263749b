"""The commands: one module each."""

from __future__ import annotations

import importlib
import pkgutil

__all__ = ["main"]


def main() -> None:
    """Entry point of the ``riskml`` command: every module of this package adds its own command."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    from riskml.cli.app import run

    run()
