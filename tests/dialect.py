"""Finds words of an old private dialect used as names in the code: prints each place, ends with 1 if there is any."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORDS = {"found", "told", "said", "place", "places", "whoever", "asked", "opaque", "sealed", "chunks", "answer_types"}
"""None of them says what a value is. `place` and `found` may be part of a longer name that does."""


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that the code binds: variables, arguments, functions, classes, attributes and modules."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(name=name, asname=alias):
                yield node.lineno, alias or name.rpartition(".")[2]


def main() -> int:
    """Look at every file of the two packages."""
    hits = 0
    for top in ("src", "serving"):
        for path in sorted((ROOT / top).rglob("*.py")):
            own = [(0, path.stem), *names(ast.parse(path.read_text("utf-8")))]
            for line, name in own:
                if name.strip("_") in WORDS:
                    hits += 1
                    sys.stdout.write(f"{path.relative_to(ROOT).as_posix()}:{line}: {name}\n")
    return min(hits, 1)


if __name__ == "__main__":
    sys.exit(main())
