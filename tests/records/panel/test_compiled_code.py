"""The folder in which numba caches machine code, which it runs without looking at it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIST = """
import gc
import riskml.explanation, riskml.scoring, riskml.simulation
from numba.core.dispatcher import Dispatcher
loops = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
print(*{one._cache.cache_path for one in loops} - {None}, sep="\\n")
"""


@pytest.mark.integration
def test_machine_code_is_cached_where_only_its_user_may_enter(tmp_path: Path) -> None:
    folder = tmp_path / "riskml" / "compiled"
    folder.mkdir(0o777, parents=True)
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", LIST],
        env=environment | {"XDG_CACHE_HOME": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    caches = [Path(line) for line in done.stdout.split()]
    assert len(caches) > 4
    assert all(path.is_relative_to(folder) for path in caches), caches
    assert folder.stat().st_mode & 0o777 == 0o700
