"""Words in the cells of lists, and the codes that they stand for, as listed in `words.yaml`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from riskml.lists.data_files import load_data
from riskml.records.contract.schema import TABLES


class UnusableValueError(ValueError):
    """The value of a cell cannot be used; the argument is the code of the reason, such as ``bad_date``."""

    @property
    def reason(self) -> str:
        """Code of the reason."""
        return str(self.args[0])


class Word(NamedTuple):
    """The code that a word stands for, and the conversion."""

    code: str
    how: str = ""


def normalise(text: str) -> str:
    r"""Convert a text to half-width characters, without control characters, leading quotes and surrounding spaces.

    >>> normalise("\t'２０２４．３．５ ")
    '2024.3.5'
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(" " if c.isspace() else c for c in plain if c.isspace() or unicodedata.category(c)[0] != "C")
    return plain.strip().lstrip("'‘`").strip()


def is_empty(cell: object) -> bool:
    """Return whether a cell is empty, or has a text such as 无 or — instead of a value.

    >>> is_empty(None), is_empty(" — "), is_empty(0)
    (True, True, False)
    """
    return cell is None or (isinstance(cell, str) and _is_empty_text(cell))


@lru_cache(maxsize=65_536)
def _is_empty_text(text: str) -> bool:
    plain = _plain(text)
    return not plain or plain in load_words()["empty"]


def list_words(name: str) -> list[str]:
    """List the words that a template offers for a field: the contract's, or those marked as seen in `words.yaml`.

    >>> list_words("households.kind"), list_words("housing"), list_words("illness.cost")
    (['脱贫户', '一般农户'], ['A级', 'B级', 'C级', 'D级'], [])
    """
    if allowed := _list_allowed(name):
        return list(allowed.values())
    words = load_data("words").get(name, {})
    return [str(word) for known in words.values() for word in known["seen"] or known["assumed"][:1]]


def _list_allowed(name: str) -> Mapping[str, str]:
    """Return the codes of a field and their names in the contract; none if the contract lists no codes for it."""
    table, _, column = name.partition(".")
    declared = TABLES[table].find_column(column) if table in TABLES else None
    return (declared.allowed if declared else None) or {}


@cache
def load_words() -> Mapping[str, Mapping[str, str]]:
    """Load `words.yaml`: for each field, the code of every word; the contract's own names need not be listed."""
    return {
        field: {_plain(name): code for code, name in _list_allowed(field).items()}
        | {_plain(str(word)): code for code, words in codes.items() for known in words.values() for word in known}
        for field, codes in load_data("words").items()
    }


def _plain(text: str) -> str:
    """Return a word without spaces, brackets and punctuation, in lower case."""
    return "".join(c for c in normalise(text).lower() if c.isalnum())


def read_word(field: str, cell: object) -> Word | None:
    """Return the code of a word for a field of `words.yaml`, or None if the cell is empty.

    A word that is not listed is taken for the longest listed word of at least two characters that it contains; of words
    of equal length, one for ``other`` does not count.

    Raises
    ------
    UnusableValueError
        ``unknown_word``, if the cell contains no listed word, or two of equal length that stand for different codes.

    Examples
    --------
    >>> read_word("illness.kind", " 普通住院"), read_word("households.kind", "非脱贫户").code
    (Word(code='inpatient', how='code_word'), 'ordinary')
    """
    return None if is_empty(cell) else _read_word(field, str(cell))


@lru_cache(maxsize=65_536)
def _read_word(field: str, cell: str) -> Word:
    words, text = load_words()[field], _plain(cell)
    if text in words:
        return Word(words[text], "code_word")
    alone = {_plain(word) for codes in load_data("words")[field].values() for word in codes.get("alone", ())}
    contained = [word for word in words if len(word) > 1 and word not in alone and word in text]
    longest = max(map(len, contained), default=0)
    codes = {words[word] for word in contained if len(word) == longest}
    codes = codes - {"other"} or codes
    if len(codes) != 1:
        raise UnusableValueError("unknown_word")
    return Word(codes.pop(), "part_of_word")


def find_words(field: str, text: str) -> list[str]:
    """Return the codes of all listed words in a text, in their order; a longer word takes precedence over its parts.

    >>> find_words("monitoring.causes", "因病、缺劳动力")
    ['illness', 'labour']
    """
    return list(_find_words(field, text))


@lru_cache(maxsize=65_536)
def _find_words(field: str, text: str) -> tuple[str, ...]:
    words, rest, codes = load_words()[field], _plain(text), {}
    for word in sorted(words, key=len, reverse=True):
        while (at := rest.find(word)) >= 0:
            codes[at] = words[word]
            rest = rest[:at] + "\0" * len(word) + rest[at + len(word) :]
    return tuple(dict.fromkeys(code for _, code in sorted(codes.items())))
