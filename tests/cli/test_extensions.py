"""Other packages can add commands to ``riskml``, which starts without importing large libraries."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from riskml.cli import extensions

Run = Callable[..., Any]


def add_entries(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    made = [EntryPoint(name, value, "riskml.commands") for name, value in entries]
    monkeypatch.setattr(extensions, "entry_points", lambda group: made)


def test_a_command_that_fails_to_load_says_why_and_the_others_still_work(
    riskml: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_entries(monkeypatch, ("lost", "no_such_package.commands:run"), ("benchmark.gone", "json:no_such_function"))
    overview = riskml("--help")
    assert overview.code == 0
    assert "lost" in overview.out
    assert "Cannot be loaded: ModuleNotFoundError" in overview.out
    assert riskml("check", "--help").code == 0
    for args in (("lost", "records", "--any", 3), ("benchmark", "gone")):
        ran = riskml(*args)
        assert ran.code == 1
        assert "cannot be loaded" in ran.err
        assert ("No module named 'no_such_package'" in ran.err) == (args[0] == "lost")
        assert "Reinstall" in ran.err
        assert "Traceback" not in ran.err


def test_a_command_from_an_extra_that_is_not_installed_is_hidden(riskml: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    add_entries(monkeypatch, ("tool", "no_such_package.tools:run [devtools]"))
    assert "tool" not in riskml("--help").out


def test_the_application_starts_without_the_libraries_that_commands_need() -> None:
    code = "import sys; from riskml.cli.main import build_app; build_app(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"numpy", "pandas", "lightgbm", "duckdb", "mlflow", "sqlalchemy"}.isdisjoint(modules)


def test_commands_use_lightgbm_without_scikit_learn_which_others_may_still_import() -> None:
    code = """
import sys
from riskml.cli.terminal import run
def use():
    import riskml.scoring
    print("lightgbm" in sys.modules, "sklearn" in sys.modules, "scipy.stats" in sys.modules)
    import sklearn.base
    print("sklearn" in sys.modules)
run(lambda **_: use())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False", "True"]
