"""docs/security.md: every promise names tests that exist and run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
PROMISES = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| promise", "| figure"))
]
TESTS = sorted({path for _, tests, *_ in PROMISES for path in re.findall(r"`(tests/[^`]+)`", tests)})


def list_tests(path):
    """List the names of the tests in a module, or in all modules in a folder, except those that are always skipped."""
    files = [path] if path.is_file() else sorted(path.rglob("test_*.py"))
    nodes = [node for file in files for node in ast.parse(file.read_text("utf-8")).body]
    return [
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not any(re.match(r"pytest\.mark\.(skip|xfail)\b", ast.unparse(one)) for one in node.decorator_list)
    ]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[0][:40])
def test_every_promise_names_its_tests_and_what_is_not_promised(promise):
    assert len(promise) == 3
    assert re.fullmatch(r"`tests/[\w/.]+`(, `tests/[\w/.]+`)*", promise[1]), promise[1]


@pytest.mark.parametrize("path", TESTS)
def test_every_named_test_exists_and_runs(path):
    assert list_tests(ROOT / path)


def test_the_tables_are_read():
    assert len(PROMISES) > 20
