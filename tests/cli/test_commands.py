"""Rules that every ``riskml`` command must obey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
AS_OF = "2022-12-31"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("train", "nowhere", "--out", "b"), "no records folder"),
        (("score", "nowhere", "nowhere", "--as-of", AS_OF, "--out", "s.parquet"), "nowhere"),
        (("report", "nowhere"), "nowhere"),
        (("check", "nowhere"), "missing_folder"),
    ],
)
def test_a_wrong_path_is_reported_without_a_stack_trace(riskml: Run, args: tuple[str, ...], message: str) -> None:
    ran = riskml(*args)
    assert ran.code == 1
    assert message in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_every_command_has_a_help_text(riskml: Run) -> None:
    overview = riskml("--help").out
    for command in (
        "simulate",
        "check",
        "features",
        "train",
        "score",
        "explain",
        "compare",
        "report",
        "release",
        "demo",
    ):
        assert command in overview
        assert "Usage" in riskml(command, "--help").out
