"""All files, folders, make targets and links that the documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "models" / "README.md")
    if path.name != "CHANGELOG.md"
]
BASES = ("", "src/riskml", "serving/riskml_serving", "src", "serving")
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.*-]*)`")
TARGET = re.compile(r"`make ([a-z-]+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_has_a_target(document):
    broken = [link for link in LINK.findall(document.read_text("utf-8")) if not (document.parent / link).exists()]
    assert not broken


NAMING = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/release-process.md"]
NAMING += [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "adr").glob("01*.md")]


@pytest.mark.parametrize("name", NAMING)
def test_named_files_and_targets_exist(name):
    text = (ROOT / name).read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert not {target for target in TARGET.findall(text) if target not in targets}
    missing = [  # capitals are placeholders for a name
        path
        for path in PATH.findall(text)
        if not re.search("[A-Z]{4}", path)
        and not any(next((ROOT / base).glob(path.rstrip("/")), None) for base in BASES)
    ]
    assert not missing, f"{name} names files that do not exist"
