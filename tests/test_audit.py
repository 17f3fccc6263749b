"""`make audit` never calls packages sound that it could not look up."""

from __future__ import annotations

import pytest
from tests.audit import describe, main

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
