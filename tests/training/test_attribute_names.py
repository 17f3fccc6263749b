"""A model can be trained on attributes with any names, and its bundle can be saved, loaded and used for scoring."""

import shutil

import pyarrow.parquet as pq

from riskml.loading import load_records
from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.scoring import score
from riskml.splits import Settings
from riskml.training import train

NAMES = ['是否"三保障"户', "a;b", "[x]{y}:,", "100%", "region", "#row", "it's", "size_1"]


def test_names_with_any_characters_are_trained_saved_and_scored(county, tmp_path):
    folder = shutil.copytree(county, tmp_path / "records")
    homes = pq.read_table(folder / "households.parquet")
    for position, name in enumerate(NAMES):
        cells = [(row * 7 + position) % 5 for row in range(len(homes))]
        homes = homes.append_column(name, [cells if position % 2 else [f"{cell}: 级" for cell in cells]])
    pq.write_table(homes, folder / "households.parquet")
    records = load_records(folder)
    bundle = Bundle.load(train(records, Settings(), load_policy(), folder=folder).save(tmp_path / "bundle"))
    assert {f"attribute_{name}" for name in NAMES} <= {column[0] for column in bundle.manifest["schema"]["columns"]}
    scores = score(bundle, records, to_day("2023-05-31"), load_policy())
    assert scores["probability"].notna().sum() > 500
