"""``docs/features.md`` agrees with the catalogue."""

from __future__ import annotations

from pathlib import Path

from tests.documents.features import describe

from riskml.features import CATALOGUE
from riskml.features.catalogue import TOPICS

DICTIONARY = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_committed_dictionary_equals_the_generated_one(golden):
    golden(DICTIONARY, describe())


def test_every_feature_has_one_row_with_its_full_declaration():
    rows = {line.split("`")[1]: line for line in describe().splitlines() if line.startswith("| `")}
    assert list(rows)[: len(CATALOGUE)] == [
        name for topic in TOPICS for name, f in CATALOGUE.items() if f.topic == topic
    ]
    for name, f in CATALOGUE.items():
        cells = [cell.strip() for cell in rows[name].split("|")[1:-1]]
        assert len(cells) == 9, "no cell may contain a vertical bar"
        assert cells[1:4] == [f.zh, f.en, f.unit]
        assert cells[8].startswith(f.definition.split("\n")[0][:40])
    assert "{{" not in describe()
