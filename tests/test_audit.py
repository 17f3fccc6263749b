"""Every package is pinned with its hashes; `make audit` never calls packages sound that it could not look up."""

from __future__ import annotations

import re

import pytest
from tests.audit import PINS, describe, main

EVERY = sorted(PINS.parent.glob("*.txt"))
SOUND = {"name": "a", "version": "1", "vulns": []}
WRONG = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([SOUND], 0, "1 of 1 packages were looked up: 0 known"),
        ([SOUND, WRONG], 1, "b 2: PYSEC-1, fixed in 3"),
        ([SOUND, UNKNOWN], 2, "NOT CHECKED: c"),
        ([UNKNOWN, UNKNOWN], 2, "NOTHING WAS CHECKED: none of 2"),
        ([], 2, "NOTHING WAS CHECKED"),
    ],
)
def test_only_packages_that_were_looked_up_count_as_sound(packages, code, words):
    lines, own = describe(packages)
    assert own == code
    assert words in "\n".join(lines)


def test_a_checker_that_fails_is_no_proof(capsys):
    assert main("false") == 2
    assert "NOTHING WAS CHECKED" in capsys.readouterr().out


@pytest.mark.parametrize("path", EVERY, ids=[path.name for path in EVERY])
def test_every_package_is_pinned_with_the_hashes_of_its_files_and_no_index_is_named(path):
    text = path.read_text("utf-8")
    pins = re.split(r"\n(?=\S)", text.strip())
    for pin in pins:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+ ", pin), pin
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", pin), pin
    assert "://" not in text
    assert "--index" not in text
