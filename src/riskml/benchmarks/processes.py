"""Run riskml in separate processes, and measure their time and memory."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from riskml.errors import RiskmlError

_PROCESSES = Path("/proc")

_COMMAND = """
import atexit
from riskml.benchmarks.processes import print_usage
atexit.register(print_usage)
from riskml.cli.main import main
main()
"""


@dataclass(frozen=True)
class Run:
    """The time and memory that a command took.

    Parameters
    ----------
    seconds : float
        From the start of the process to its end.
    cpu_seconds : float
        Processor time in seconds, of the program and of the system on its behalf.
    peak_mb : float
        Peak memory; NaN if the system does not state it.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


def read_peak_mb(process: str = "self") -> float:
    """Read the peak memory use of a process, in megabytes of 2^20 bytes; NaN if the system does not state it.

    On Linux, ``ru_maxrss`` cannot be used, because a process inherits that figure from its parent.

    Parameters
    ----------
    process : str, default "self"
        Number of the process on Linux; elsewhere, it is always this process.
    """
    status = _PROCESSES / process / "status"
    if status.exists():
        [peak] = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peak) / 1024
    try:
        import resource
    except ImportError:  # on Windows
        return math.nan
    # The figure is in kilobytes, except on macOS, where it is in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def run_command(*arguments: object) -> Run:
    """Run a command of riskml in a separate process.

    Raises
    ------
    RiskmlError
        If the command fails.
    """
    started = time.perf_counter()
    output = run_python(str(arguments[0]), "-c", _COMMAND, *arguments)
    return Run(time.perf_counter() - started, *json.loads(output.splitlines()[-1]))


def run_python(part: str, *arguments: object) -> str:
    """Run Python in a separate process and return what it prints.

    Raises
    ------
    RiskmlError
        If it fails; the message names the part of the benchmark.
    """
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise RiskmlError(
            "The part {part!r} of the benchmark failed.", "{output}", part=part, output=done.stderr.strip()[-2000:]
        )
    return done.stdout


def print_usage() -> None:
    """Print the processor time and the peak memory of this process, as the last line of its output."""
    print(f"\n{json.dumps([time.process_time(), read_peak_mb()])}")  # noqa: T201 - the parent reads it
