"""Recognises the field of a column by what its cells hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from riskml.lists.persons.villages import Villages
from riskml.lists.reading.cells import CELL
from riskml.lists.reading.headers import Topic
from riskml.lists.reading.sheets import Cell
from riskml.lists.words import find_words

_KINDS = ("illness.kind", "disaster.kind", "help.measure", "households.kind", "monitoring.category")
"""Fields that are recognised by the words in their cells."""

_AGREE = 0.8


def read_contents(
    values: dict[int, list[Cell]], unknown: Collection[int], taken: set[str], topic: Topic, villages: Villages | None
) -> Iterator[tuple[int, str]]:
    """Yield columns with unknown headers whose cells show their field.

    Parameters
    ----------
    values : dict
        The cells of every column without a field that are not empty.
    unknown : collection of int
        Columns with unknown headers.
    taken : set of str
        Fields that other columns have.
    topic : Topic
    villages : Villages, optional
        The villages of the register.
    """
    left = set(unknown)
    words = {name: name for name in _KINDS}
    if topic.kinds not in ("", "water"):  # 是 and 否 say nothing about water below an unknown header
        words["events.kind"] = topic.kinds
    own = topic.vocabulary.list_fields()
    for name, test in _list_tests(taken, {name: word for name, word in words.items() if name in own}, villages):
        anywhere = words.get(name) == "registration"  # a death is never taken for granted
        if columns := find_columns(values, values if anywhere else left, test):
            left.discard(columns[0])
            yield columns[0], name


def shows_bills(cells: Sequence[Cell]) -> bool:
    """Return whether cells hold kinds of medical bills, such as 住院 and 门诊慢特病."""
    return bool(find_columns({0: list(cells)}, [0], lambda text: len(find_words("illness.kind", text)) == 1))


def _list_tests(
    taken: set[str], words: dict[str, str], villages: Villages | None
) -> Iterator[tuple[str, Callable[[str], bool]]]:
    """Yield each field that is not taken yet, with a test for its values."""
    for name, word in words.items():
        if name not in taken:
            yield name, lambda text, word=word: len(find_words(word, text)) == 1  # type: ignore[misc]
    if "phone" not in taken:
        yield "phone", lambda text: bool(CELL.phone.fullmatch(text))
    if not taken & {"name", "head_name"}:
        yield "name", is_name
    if villages and "village" not in taken:
        yield "village", lambda text: names_village(villages, text)
    if villages and "town" not in taken:
        yield "town", lambda text: bool(villages.find(text).towns)


def find_columns(values: dict[int, list[Cell]], columns: Collection[int], test: Callable[[str], bool]) -> list[int]:
    """Return the columns in which most values pass a test.

    >>> find_columns({0: ["东沟镇", "西山乡"], 1: ["王小兰", "李明"]}, {0, 1}, is_name)
    [1]
    """
    return [
        j
        for j in sorted(columns)
        if len(values[j]) > 1 and sum(test(str(cell).strip()) for cell in values[j]) >= _AGREE * len(values[j])
    ]


def names_village(villages: Villages, text: str) -> bool:
    """Return whether a text names a village of the register, alone or within an address."""
    return bool(villages.find(None, text).villages)


def is_name(text: str) -> bool:
    """Return whether a text is like a name of two to four characters with a common surname; remarks do not matter."""
    return bool(CELL.name.fullmatch(text) and CELL.surname.match(text))
