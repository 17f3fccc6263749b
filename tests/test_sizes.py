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


def test_every_room_has_a_folder_of_tests_at_the_same_path():
    folders = {"src/riskml": "tests", "serving/riskml_serving": "tests/serving"}
    other_services = "serving/riskml_serving/devtools/benchmark/opponents"  # run in environments of their own
    rooms = {
        room: ROOT / tests / room.relative_to(ROOT / code)
        for code, tests in folders.items()
        for room in (path.parent for path in (ROOT / code).rglob("*/__init__.py"))
        if room not in (ROOT / code, ROOT / other_services)
    }
    assert len(rooms) > 80
    assert [str(tests.relative_to(ROOT)) for tests in rooms.values() if not list(tests.rglob("test_*.py"))] == []
