"""Processes of benchmarks: what they take, and what is reported if they fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from riskml.benchmarks import processes
from riskml.benchmarks.processes import read_peak_mb, run_command
from riskml.errors import RiskmlError

pytestmark = pytest.mark.integration


def test_a_command_does_not_inherit_the_peak_of_its_parent() -> None:
    ballast = np.ones(2**25)
    run = run_command("lists", "--help")
    assert read_peak_mb() > ballast.nbytes / 2**20 == 256
    assert 10 < run.peak_mb < 256
    assert run.cpu_seconds > 0
    assert run.seconds > 0


def test_a_failing_command_is_named() -> None:
    with pytest.raises(RiskmlError, match="part 'lists' of the benchmark failed") as error:
        run_command("lists", "--nonsense")
    assert "--nonsense" in error.value.hint


def test_the_peak_is_also_known_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource")
    monkeypatch.setattr(processes, "_PROCESSES", Path("missing"))
    assert read_peak_mb() > 10
