"""No Python file and no folder grows so large that nobody finds anything in it, and tests stand in the same rooms."""

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [path for room in ("src", "serving", "tests", "notebooks") for path in (ROOT / room).rglob("*.py")]

LINES, FILES_IN_FOLDER = 400, 20


def test_no_file_is_longer_than_400_lines():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert len(lengths) > 500
    assert {name: length for name, length in lengths.items() if length > LINES} == {}


def test_no_folder_has_more_than_20_files():
    counts = Counter(str(path.parent.relative_to(ROOT)) for path in FILES)
    assert {folder: count for folder, count in counts.items() if count > FILES_IN_FOLDER} == {}


def test_every_room_and_wing_has_a_folder_of_tests():
    folders = {"src/riskml": "tests", "serving/riskml_serving": "tests/serving"}
    pairs = [
        (path.parent.name, tests) for code, tests in folders.items() for path in (ROOT / code).glob("*/__init__.py")
    ]
    assert len(pairs) > 25
    assert [f"{tests}/{name}" for name, tests in pairs if not list((ROOT / tests / name).rglob("test_*.py"))] == []
