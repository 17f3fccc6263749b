"""Tables that commands write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from riskml.cli.output import write_table


def test_the_same_values_give_the_same_bytes_whatever_they_were_put_together_from(tmp_path: Path) -> None:
    texts = [f"{i:07d} " * 30 for i in np.random.default_rng(0).integers(0, 8_000, 20_000)]
    files = []
    for size in (20_000, 7_000, 900):
        parts = [pd.DataFrame({"text": texts[start : start + size]}) for start in range(0, len(texts), size)]
        files.append(tmp_path / f"{size}.parquet")
        write_table(files[-1], pd.concat(parts, ignore_index=True))
    assert len({file.read_bytes() for file in files}) == 1
    assert pd.read_parquet(files[0])["text"].tolist() == texts
