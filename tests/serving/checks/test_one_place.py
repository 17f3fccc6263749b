"""Fields of requests are refused in ``checks`` only; ``http``, ``base`` and the readers of forms only parse."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import riskml_serving
from riskml_serving.base.problems import PROBLEMS

ROOT = Path(riskml_serving.__file__).parent
PARSERS = ("http/", "base/", "web/shell/forms.py", "web/desk/uploads.py")
ABOUT_FIELDS = {kind for kind, problem in PROBLEMS.items() if problem.status == 422}


def list_refusals(source: str) -> list[int]:
    """List the lines that make an error of a field, or a problem about one or of a kind that is not stated."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):  # a second name would hide the calls
            lines += [node.lineno for alias in node.names if alias.name in ("FieldError", "Problem") and alias.asname]
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            kind = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            with_errors = any(word.arg in ("errors", None) for word in node.keywords)
            about_field = kind is None or kind in ABOUT_FIELDS or with_errors
            if name in ("FieldError", "HTTPException", "RequestValidationError") or (name == "Problem" and about_field):
                lines.append(node.lineno)
    return lines


def test_only_checks_refuse_fields() -> None:
    files = {path.relative_to(ROOT).as_posix(): path for path in ROOT.rglob("*.py")}
    refusals = {name: list_refusals(path.read_text("utf-8")) for name, path in files.items()}
    assert refusals["checks/records.py"]
    outside = {name: lines for name, lines in refusals.items() if lines and not name.startswith(("checks/", *PARSERS))}
    assert not outside, "a field of a request is checked here: move the check to riskml_serving/checks"


@pytest.mark.parametrize(
    "source",
    [
        'FieldError("day", "in_future", "Too late")',
        'problems.FieldError("day", "in_future", "Too late")',
        'raise Problem("invalid-request")',
        'raise Problem("right-missing", errors=errors)',
        'raise Problem("right-missing", **more)',
        "raise Problem(kind)",
        "from riskml_serving.base.problems import FieldError as Fault",
        "raise HTTPException(422)",
    ],
)
def test_every_way_to_refuse_a_field_is_noticed(source: str) -> None:
    assert list_refusals(source) == [1]


def test_other_problems_may_be_raised_anywhere() -> None:
    assert list_refusals('raise Problem("household-not-found", "undo")') == []
