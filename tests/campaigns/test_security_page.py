"""docs/security.md: every promise names the tests that show it, and these exist and run."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
PROMISES = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| promise")
]
NAMED = r"`tests/[\w/]+\.py::test_\w+`(, `(tests/[\w/]+\.py)?::test_\w+`)*"


@cache
def list_tests(path):
    """List the names of the tests in a module, except those that are always skipped or may fail."""
    return {
        node.name
        for node in ast.parse((ROOT / path).read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not any(re.match(r"pytest\.mark\.(skip|xfail)\b", ast.unparse(one)) for one in node.decorator_list)
    }


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[0][:40])
def test_every_promise_names_tests_that_exist_and_run(promise):
    assert len(promise) == 3
    assert re.fullmatch(NAMED, promise[1]), promise[1]
    path = ""
    for file, name in re.findall(r"`([\w/.]*)::(\w+)`", promise[1]):
        path = file or path
        assert name in list_tests(path), f"{path}::{name}"


def test_the_tables_are_read():
    assert len(PROMISES) > 30
