"""No Python file and no folder grows so large that nobody finds anything in it."""

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
