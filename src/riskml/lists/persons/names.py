"""Names as written in lists, and how similar two names are: by characters, by sound, by shape."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

from riskml.lists.data_files import Patterns

WILD = "□"
"""Stands for a character that a list hides or could not write."""

_NAME = Patterns("names")
_LONG = 5
"""Minimum number of characters of a name that has more than a family name and a given name."""
_LOOSE = [("zh", "z"), ("ch", "c"), ("sh", "s"), ("ing", "in"), ("eng", "en")]
"""Sounds that many speakers do not distinguish."""


class Likeness(IntEnum):
    """How similar two names are."""

    NONE = 0
    SURNAME = 1
    """Only the first character is the same."""
    NEAR = 2
    """One of three or more characters differs, is missing or is hidden, two characters have changed places, or a name
    of five or more characters lacks its end, the father's name."""
    SOUND = 3
    """Every character is the same or sounds alike, as traditional and simplified forms do."""
    SAME = 4


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written in a list.

    ``spellings`` holds the name and former names, without blanks, titles and dots. ``relative`` is true if the cell
    describes a person as somebody's wife, child or other relative ("张三之妻").
    """

    spellings: tuple[str, ...]
    relative: bool = False


@lru_cache(maxsize=100_000)
def parse_name(text: str | None) -> Name | None:
    """Parse a name; return ``None`` if the cell holds none.

    >>> parse_name(" 李 水（户主）"), parse_name("艾力·阿卜杜拉")
    (Name(spellings=('李水',), relative=False), Name(spellings=('艾力阿卜杜拉',), relative=False))
    >>> parse_name("张刚（曾用名张平）").spellings, parse_name("张三之妻"), parse_name("——")
    (('张刚', '张平'), Name(spellings=('张三',), relative=True), None)
    """
    written = unicodedata.normalize("NFKC", text or "")
    former = [match[2] for part in _NAME.brackets.findall(written) if (match := _NAME.former.search(part))]
    written = _NAME.brackets.sub("", written)
    if match := _NAME.former.search(written):
        former.append(match[2])
        written = written[: match.start()]
    own = _clean(written)
    if match := _NAME.relative.match(own):
        return Name((match[1],), relative=True)
    spellings = tuple(dict.fromkeys(filter(None, (own, *map(_clean, former)))))
    return Name(spellings) if spellings and spellings[0].strip(WILD) else None


def compare_names(one: str, other: str) -> Likeness:
    """Compare two spellings from `parse_name`.

    >>> [compare_names("王宝明", name).name for name in ("王宝明", "王寶明", "王宝", "王宝国", "王宝□", "王伟")]
    ['SAME', 'SOUND', 'NEAR', 'NEAR', 'NEAR', 'SURNAME']
    >>> compare_names("何兴", "程兴").name, compare_names("艾力", "艾力阿卜杜拉").name
    ('NONE', 'NEAR')
    """
    if one == other and WILD not in one:
        return Likeness.SAME
    longest = max(len(one), len(other))
    if len(one) == len(other):
        wild = sum(WILD in pair for pair in zip(one, other, strict=True))
        if wild < longest and all(WILD in pair or _sounds_alike(*pair) for pair in zip(one, other, strict=True)):
            return Likeness.NEAR if wild else Likeness.SOUND
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= 2 and longest >= 3:
        short_form = longest >= _LONG and longer.startswith(shorter)
        if short_form or OSA.distance(one, other) <= max(1, longest // 4):
            return Likeness.NEAR
    return Likeness.SURNAME if one[0] == other[0] != WILD else Likeness.NONE


def spell_sound(name: str) -> str:
    """Return a key that is equal for names that sound alike; tones and sounds that are often confused are left out.

    >>> spell_sound("王寶明") == spell_sound("王宝明"), spell_sound("陈刚")
    (True, 'cen gang')
    """
    return " ".join(_read_sounds(character)[0] for character in name)


def list_holes(name: str) -> list[str]:
    """List the name, its variants with one character hidden or left out, and the name without its end.

    Names that are `Likeness.NEAR` share one of these keys.

    >>> list_holes("王宝明")
    ['王宝明', '□宝明', '王□明', '王宝□', '宝明', '王明', '王宝']
    """
    if WILD in name:
        return [name]
    parts = [(name[:i], name[i + 1 :]) for i in range(len(name))]
    shorter = [first + rest for first, rest in parts if len(name) > 2]
    short_forms = [name[:end] for end in range(2, len(name))] if len(name) >= _LONG else []
    return [name, *(first + WILD + rest for first, rest in parts), *shorter, *short_forms]


def _clean(text: str) -> str:
    text = re.sub(r"[^\w?*□■◆▓#○]+|_", "", text)
    return _NAME.wild.sub(WILD, _NAME.titles.sub("", text))


@lru_cache(maxsize=50_000)
def _sounds_alike(one: str, other: str) -> bool:
    return one == other or not set(_read_sounds(one)).isdisjoint(_read_sounds(other))


@lru_cache(maxsize=50_000)
def _read_sounds(character: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin  # slow to import; a service that reads no lists need not wait for it

    sounds = pinyin(character, style=Style.NORMAL, heteronym=True)
    return tuple(dict.fromkeys(_loosen(sound) for sound in (sounds[0] if sounds else [character])))


def _loosen(sound: str) -> str:
    for strict, loose in _LOOSE:
        sound = sound.replace(strict, loose)
    return sound
