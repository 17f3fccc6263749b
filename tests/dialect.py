"""Print the names in the code that the project avoids; exit with 1 if there are any.

These are words that do not say what a value is, and functions named ``something_of`` instead of with a verb.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORDS = {
    *("found", "told", "said", "asked", "given"),
    *("place", "places", "whoever", "ones", "those", "anew"),
    *("opaque", "sealed", "chunks", "answer_types"),
}
"""Words that do not say what a value is. `place` and `found` are allowed as parts of a longer name that does."""

ROOMS = {"answers", "test_rows", "testing", "writes"}
"""Words that must not be used as the name of a file, a folder or a function."""

NOUNS = {"property", "cached_property", "fixture"}
"""Decorators of functions that may be named after the value that they return."""


def list_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """List every name that the code defines: variables, arguments, functions, classes, attributes and modules."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def list_rooms(path: Path, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """List those names of a file, its folders and its functions that are words to avoid."""
    functions = [(node.lineno, node.name) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for line, name in [*((0, part) for part in path.with_suffix("").parts), *functions]:
        if name in ROOMS | (WORDS if line == 0 else set()):
            yield line, name


def list_nouns(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """List the functions named `something_of`; such a name should be replaced by a verb."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.endswith("_of"):
            words = {part.id for mark in node.decorator_list for part in ast.walk(mark) if isinstance(part, ast.Name)}
            words |= {
                part.attr for mark in node.decorator_list for part in ast.walk(mark) if isinstance(part, ast.Attribute)
            }
            if not words & NOUNS and not node.name.startswith("test_"):
                yield node.lineno, node.name


def main() -> int:
    """Check every file in the two packages and in the tests."""
    hits = 0
    for path in sorted(path for top in ("src", "serving", "tests") for path in (ROOT / top).rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        odd = [(line, name) for line, name in list_names(tree) if name.strip("_").lower() in WORDS]
        for line, name in sorted({*odd, *list_rooms(path.relative_to(ROOT), tree), *list_nouns(tree)}):
            hits += 1
            sys.stdout.write(f"{path.relative_to(ROOT).as_posix()}:{line}: {name}\n")
    return min(hits, 1)


if __name__ == "__main__":
    sys.exit(main())
