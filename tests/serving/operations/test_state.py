"""The state that all requests share in the service is accessed through one typed function."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from riskml_serving.operations.state import AppState

ROOT = Path(__file__).parents[3] / "serving" / "riskml_serving"


def test_only_one_function_reads_the_application_state():
    files = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if ".app.state" in path.read_text())
    assert files == ["operations/state.py"]


def test_the_application_state_has_every_field_with_its_type(client):
    state = client.app.state
    assert isinstance(state, AppState)
    assert {field.name for field in fields(state)} == vars(state).keys()
