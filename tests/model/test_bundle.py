"""A bundle can be loaded only if it is unchanged since it was saved, and then gives exactly the same scores."""

import json
import shutil

import numpy as np
import pytest

from riskml.errors import BundleError
from riskml.model.bundle import Bundle
from riskml.model.bundle_files import encode_json, hash_sha256, make_seal

FILES = (
    "baselines.json",
    "blend.json",
    "evaluation.json",
    "golden.json",
    "linear.json",
    "manifest.json",
    "manifest.sha256",
    "reference.json",
    "trees.txt",
)


@pytest.fixture
def saved(bundle, tmp_path):
    return bundle.save(tmp_path / "bundle")


def reseal(folder, change):
    """Alter the manifest and recompute its checksum, as an attacker who knows the format would."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    text = encode_json(manifest)
    (folder / "manifest.json").write_bytes(text)
    (folder / "manifest.sha256").write_bytes(make_seal(text))


def test_a_loaded_bundle_gives_bit_identical_scores(bundle, saved, problem):
    again = Bundle.load(saved)
    assert again.predict_probability(problem.X).tobytes() == bundle.predict_probability(problem.X).tobytes()
    assert again.predict_margin(problem.X).tobytes() == bundle.predict_margin(problem.X).tobytes()
    logistic = again.baselines.logistic.predict_margin(problem.X)
    assert logistic.tobytes() == bundle.baselines.logistic.predict_margin(problem.X).tobytes()
    assert again.model_version == bundle.model_version
    assert (again.columns, again.levels) == (problem.X.columns, problem.X.levels)
    assert again.settings.horizon == 12
    assert again.policy_version == "2025-01"
    assert again.thresholds == {"very_likely": 0.2, "likely": 0.05}
    assert again.evaluation == {"models": {"riskml": {"auc": 0.8, "ap": None}}}


def test_the_folder_holds_exactly_the_expected_files_and_no_pickle(saved):
    assert sorted(file.name for file in saved.iterdir()) == list(FILES)
    for file in saved.iterdir():
        file.read_text(encoding="utf-8")


def test_the_same_model_gives_the_same_bytes(bundle, blend, problem, build_bundle):
    assert build_bundle(blend, problem).files == bundle.files


def test_the_version_depends_on_the_content(bundle, blend, problem, build_bundle):
    other = build_bundle(blend, problem, policy_version="2026-01")
    assert other.model_version != bundle.model_version
    assert build_bundle(blend, problem, refit=True).model_version != bundle.model_version


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_in_any_file_is_rejected(saved, name):
    file = saved / name
    content = bytearray(file.read_bytes())
    position = len(content) // 2
    content[position] = content[position] ^ 1
    file.write_bytes(bytes(content))
    with pytest.raises(BundleError, match=name.replace(".", r"\.")) as caught:
        Bundle.load(saved)
    assert caught.value.hint


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        Bundle.load(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_rejected(saved, name):
    (saved / name).unlink()
    (saved / name).mkdir()
    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        Bundle.load(saved)


def test_an_extra_file_is_named(saved):
    (saved / "notes.txt").write_text("x")
    with pytest.raises(BundleError, match=r"not in its manifest: notes\.txt"):
        Bundle.load(saved)


def test_a_folder_without_a_bundle_is_rejected(tmp_path):
    with pytest.raises(BundleError, match="no model bundle"):
        Bundle.load(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"manifest\.json is missing"):
        Bundle.load(tmp_path)


def test_a_resealed_manifest_must_still_match_its_version(saved):
    reseal(saved, lambda manifest: manifest.update(policy_version="other"))
    with pytest.raises(BundleError, match="model version does not match"):
        Bundle.load(saved)


def test_a_manifest_that_lists_other_files_is_rejected(saved):
    reseal(saved, lambda manifest: manifest["files"].update({"../evil.txt": "0"}))
    with pytest.raises(BundleError, match="does not list the files of a bundle"):
        Bundle.load(saved)


def test_a_bundle_in_another_format_names_the_riskml_version_to_use(saved):
    reseal(saved, lambda manifest: manifest.update(format=99))
    with pytest.raises(BundleError, match="format 99"):
        Bundle.load(saved)


@pytest.mark.parametrize(
    ("name", "old", "new", "text"),
    [
        ("linear.json", b'"base"', b'"bass"', "linear.json"),
        ("baselines.json", b'"rankings"', b'"rankinks"', "baselines.json"),
        ("blend.json", b'"slope"', b'"slide"', "blend.json"),
        ("trees.txt", b"num_class=1", b"num_klass=1", "trees cannot be read"),
        ("trees.txt", b"tree", b"tr\xffe", "trees.txt"),
        ("golden.json", b'"margin": -', b'"margin": -1', "golden"),
    ],
)
def test_a_broken_file_with_renewed_checksums_is_rejected(saved, name, old, new, text):
    forge(saved, name, lambda content: content.replace(old, new, 1))
    with pytest.raises(BundleError, match=text):
        Bundle.load(saved)


def test_a_schema_that_does_not_match_its_hash_is_rejected(saved):
    def swap(manifest):
        columns = manifest["schema"]["columns"]
        columns[0], columns[1] = columns[1], columns[0]

    renew_version(saved, swap)
    with pytest.raises(BundleError, match=r"feature schema in manifest\.json does not match"):
        Bundle.load(saved)


def test_the_error_for_scores_that_differ_from_the_golden_cases_points_to_the_manifest(saved):
    forge(saved, "linear.json", lambda content: shift(content))
    with pytest.raises(BundleError, match="golden cases") as caught:
        Bundle.load(saved)
    assert "manifest.json" in caught.value.hint


def shift(content):
    data = json.loads(content)
    data["base"] += 1e-6
    return encode_json(data)


def forge(folder, name, change):
    """Alter a file and recompute every checksum that covers it."""
    content = change((folder / name).read_bytes())
    (folder / name).write_bytes(content)
    renew_version(folder, lambda manifest: manifest["files"].update({name: hash_sha256(content)}))


def renew_version(folder, change):
    from riskml.model.bundle import _derive_version

    def both(manifest):
        change(manifest)
        manifest["model_version"] = _derive_version(manifest)

    reseal(folder, both)


def test_saving_again_replaces_the_entire_bundle(bundle, saved, blend, problem, build_bundle):
    other = build_bundle(blend, problem, policy_version="2026-01")
    other.save(saved)
    assert Bundle.load(saved).policy_version == "2026-01"
    assert [entry.name for entry in saved.parent.iterdir()] == ["bundle"]


def test_an_empty_folder_is_used(bundle, tmp_path):
    (tmp_path / "empty").mkdir()
    assert Bundle.load(bundle.save(tmp_path / "empty")).model_version == bundle.model_version


@pytest.mark.parametrize("stray", ["records.parquet", "report.html"])
def test_a_folder_with_other_files_is_not_overwritten(bundle, saved, tmp_path, stray):
    other = tmp_path / "other"
    shutil.copytree(saved, other)
    (other / stray).write_text("precious")
    with pytest.raises(BundleError, match="will not be overwritten"):
        bundle.save(other)
    assert (other / stray).read_text() == "precious"


def test_a_file_in_place_of_the_folder_is_not_overwritten(bundle, tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(BundleError, match="is a file"):
        bundle.save(tmp_path / "file")
    with pytest.raises(BundleError, match="cannot be written"):
        bundle.save(tmp_path / "file" / "bundle")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_differences_between_the_rows_used_for_evaluation_are_listed(bundle, blend, problem, build_bundle):
    assert bundle.find_differences(build_bundle(blend, problem, policy_version="x")) == []
    other = build_bundle(blend, problem, data={"fingerprint": "other"}, split={"test_from": "2024-12-31"})
    assert bundle.find_differences(other) == ["data", "split"]


def test_no_household_is_in_the_bundle(bundle, problem):
    golden = json.loads(bundle.files["golden.json"])
    rows = np.array([[np.nan if v is None else v for v in case["values"]] for case in golden["cases"]])
    assert len(rows) >= 16
    real = {row.tobytes() for row in problem.X.values}
    assert not any(row.tobytes() in real for row in rows)
    everything = b"".join(bundle.files.values())
    assert not any(f'"{code}"'.encode() in everything for code in problem.X.household_id[:50])


def test_golden_cases_cover_missing_extreme_and_unknown_values(bundle):
    golden = json.loads(bundle.files["golden.json"])
    values = [case["values"] for case in golden["cases"]]
    assert any(all(v is None for v in row) for row in values)
    assert any(1e12 in row for row in values)
    assert any(row[3] == 3 for row in values)
    assert all(0 <= case["probability"] <= 1 for case in golden["cases"])
