"""The count of untrue warnings writes folders and checks them; small ones have none."""

import pytest
from tests.campaigns.correct_folders import find_warnings, list_folders

FIRST = dict(reversed(list(list_folders())))
"""The first folder of each kind."""


@pytest.mark.parametrize("kind", ["monthly", "register", "mixed"])
def test_a_simulated_county_is_checked_without_warnings(kind):
    assert find_warnings(FIRST[kind]) == []


def test_a_warning_is_counted():
    def write(folder):
        FIRST["monthly"](folder)
        (folder / "~$income.xlsx").write_bytes(b"")

    assert [one.code for one in find_warnings(write)] == ["passed_over_file"]
