"""The headers of columns: the synonyms in `headers.yaml`, and those that a county has confirmed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from riskml.errors import UsageError, explain_os_error, suggest_names
from riskml.text import shorten_list

__all__ = [
    "BEST",
    "FORM",
    "PART",
    "SECOND",
    "Headers",
    "Meaning",
    "Topic",
    "clean_text",
    "find_factor",
    "read_headers",
    "spell_header",
]

BEST, SECOND, PART = 0, 1, 2
RANKS = {"seen": BEST, "assumed": BEST, "second": SECOND, "parts": PART}
FACTORS = {"元": 1.0, "百元": 100.0, "千元": 1_000.0, "万元": 10_000.0}

_GENERAL = {"合计", "小计", "总计", "金额", "数额", "总额", "费用", "情况", "名称"}
"""Headers that say nothing without the header above them."""

_CONFIRMED = 1000
FORM = "confirmed: [{header: '花费', field: illness.self_paid}]"
"""Example of a file with confirmed headers, as shown in messages."""

_LONGEST, _DIGITS = 40, 4
"""Maximum number of characters and of digits in a header: longer texts and dates are not headers."""

_SHORTEST, _LATER = 3, 1000
"""Minimum number of characters of a header recognised at the end of a longer text, and how much later it ranks."""

_NOT = re.compile("[未非不无免除减扣原前上旧拟应]$")
_MARKS = re.compile(r"[\s*★☆※#'\"“”‘’:]+")
_NUMBERING = re.compile(r"^(?:\d{1,2}[.、]|[一二三四五六七八九十]{1,3}、|\(\d{1,2}\)|其中)")
_BRACKETS = re.compile(r"[(\[【〔{][^)\]】〕}]*[)\]】〕}]")
_UNIT = re.compile(r"[/,、]?(?:单位)?(?:人民币)?[万千百]?元(?:/?[人月年])?$")
_YEAR = re.compile(r"^20\d\d年(?=\d{1,2}月)")
_MONTH = re.compile(r"(?:\d{1,2}|十?[一二三四五六七八九]|十)(?=月)")
_FACTOR = re.compile(r"(?<!单)([万千百]?元)")
_OWN_MONTH = re.compile(r"^(?:1|本|当)月份?(?=...)")
_WHOLE = re.compile(r"^(?:合计|小计|总计|共计)(..+)|(..+)(?:小计|总计|共计)$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a header in lists of a topic.

    ``rank`` compares columns with the same field: the one with the lowest rank is used, and those with the rank `PART`
    are added up. ``own`` is true if the topic declares the header itself, and false if all lists share it.
    """

    field: str
    rank: tuple[int, int] = (BEST, 0)
    own: bool = False
    confirmed: bool = False
    factor: float | None = None


@dataclass(slots=True)
class Vocabulary:
    """Headers with their meanings; some headers are patterns."""

    exact: dict[str, Meaning] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], int, Meaning]] = field(default_factory=list)

    def add(self, header: str, meaning: Meaning) -> None:
        """Add a header; ``*`` in it stands for any characters. A confirmed header replaces its earlier meaning."""
        if "*" in header:
            pieces = [clean_text(piece) for piece in header.split("*")]
            pattern = re.compile(".*".join(map(re.escape, pieces)))
            self.patterns.append((pattern, sum(map(len, pieces)), meaning))
            return
        for text in spell_header([header]):
            if meaning.confirmed or text not in self.exact:
                self.exact[text] = meaning

    def find(self, text: str) -> tuple[float, Meaning] | None:
        """Return the number of characters of a text that match a header, and the header's meaning."""
        if text in self.exact:
            meaning = self.exact[text]
            return (_CONFIRMED if meaning.confirmed else len(text) + 0.5), meaning
        matches = [(length, meaning) for pattern, length, meaning in self.patterns if pattern.fullmatch(text)]
        return max(matches, key=lambda match: match[0], default=None)

    def find_end(self, text: str) -> tuple[float, Meaning] | None:
        """Return the longest header at the end of a text; its column is used only if no other one has its field."""
        for i in range(1, len(text) - _SHORTEST + 1):
            meaning = self.exact.get(text[i:])
            if meaning and not _NOT.search(text[:i]):
                return len(text) - i, replace(meaning, rank=(meaning.rank[0], meaning.rank[1] + _LATER))
        return None

    def copy(self) -> Vocabulary:
        """Copy the headers, so that others can be added to the copy."""
        return Vocabulary(dict(self.exact), list(self.patterns))

    def list_meanings(self) -> Iterator[Meaning]:
        """List every meaning."""
        yield from self.exact.values()
        yield from (meaning for _, _, meaning in self.patterns)


@dataclass(slots=True)
class Topic:
    """What the rows of a list are about: which department keeps such lists, and the headers of their columns.

    Several columns of one list may have the same field if it is in ``many``. Every list of the topic has the field
    ``needs``. ``allowed`` holds the patterns under ``never`` that do not apply to its lists.
    """

    department: str
    words: tuple[str, ...] = ()
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    many: frozenset[str] = frozenset()
    needs: str = ""
    allowed: frozenset[str] = frozenset()


@dataclass(slots=True)
class Headers:
    """The headers of columns, by topic; ``departments`` holds the words that name a department."""

    topics: dict[str, Topic]
    departments: dict[str, tuple[str, ...]]
    common: Vocabulary
    never: dict[str, Vocabulary]
    _known: dict[tuple[str, ...], Meaning | None] = field(default_factory=dict)
    _names: tuple[frozenset[str], re.Pattern[str]] | None = None

    @property
    def fields(self) -> set[str]:
        """Every field that a column may have."""
        vocabularies = (self.common, *(topic.vocabulary for topic in self.topics.values()))
        return {meaning.field for vocabulary in vocabularies for meaning in vocabulary.list_meanings()}

    def find(self, topic: str, parts: Sequence[str]) -> Meaning | None:
        """Return the meaning of a header in lists of a topic, or None if it is unknown.

        Parameters
        ----------
        topic : str
            Name of a topic, or empty if the topic is not known.
        parts : sequence of str
            Texts of the header rows above the column, from top to bottom.

        Examples
        --------
        >>> headers = read_headers()
        >>> headers.find("illness", ["总 费 用（元）"]).field, headers.find("illness", ["户主信息", "姓名"]).field
        ('illness.cost', 'head_name')
        >>> headers.find("register", ["风险消除后", "工资性收入"]).field
        'other'
        >>> [headers.find(topic, ["上年度收入", "工资性收入"]).field for topic in ("register", "wages")]
        ['income.wage', 'other']
        """
        key = (topic, *parts)
        if key not in self._known:
            self._known[key] = self._find(topic, spell_header(parts))
        return self._known[key]

    def _find(self, topic: str, texts: Sequence[str]) -> Meaning | None:
        own = self.topics[topic].vocabulary if topic else Vocabulary()
        pairs = [(own, 0.2), (self.common, 0.0)]
        matches = [
            (match[0] + bonus, match[1]) for words, bonus in pairs for text in texts if (match := words.find(text))
        ]
        matches += [match for text in texts if (match := own.find_end(text))] if not matches else []
        weight, meaning = max(matches, key=lambda match: match[0], default=(0.0, None))
        allowed = self.topics[topic].allowed if topic else ()
        never = (words for pattern, words in self.never.items() if pattern not in allowed)
        if weight < _CONFIRMED and any(words.find(text) for words in never for text in texts):
            return Meaning("other")
        return meaning

    def means(self, parts: Sequence[str], names: Collection[str]) -> bool:
        """Return whether any topic lists this very header for one of the fields.

        >>> [read_headers().means([text], {"income.wage"}) for text in ("月工资", "月救助金", "暖心券")]
        [True, False, False]
        """
        texts, vocabularies = spell_header(parts), [topic.vocabulary.exact for topic in self.topics.values()]
        return any((own := exact.get(text)) and own.field in names for exact in vocabularies for text in texts)

    def is_known(self, text: str) -> bool:
        """Return whether the lists of any topic have a column with this header.

        >>> [read_headers().is_known(text) for text in ("入院日期", "东沟村", "2024年5月3日")]
        [True, False, False]
        """
        if self._names is None:
            vocabularies = [self.common, *(topic.vocabulary for topic in self.topics.values())]
            exact = frozenset(name for words in vocabularies for name in words.exact)
            patterns = (pattern.pattern for words in vocabularies for pattern, *_ in words.patterns)
            self._names = exact, re.compile("|".join(patterns))
        exact, pattern = self._names
        if len(text) > _LONGEST or sum(map(str.isdigit, text)) > _DIGITS:
            return False
        return any(name in exact or pattern.fullmatch(name) for name in spell_header([text]))


def clean_text(text: str) -> str:
    """Convert a text to half-width characters, without spaces, marks and line breaks.

    >>> clean_text("＊ 姓　 名：")
    '姓名'
    """
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).replace("\\", "/").upper()


def spell_header(parts: Sequence[str]) -> list[str]:
    """List the texts under which a header may be known: all parts joined, and the last one, with and without brackets.

    Every month is replaced by January, so that a header has the same meaning for all months. A month at the start may
    be missing, and every word for a sum may be ``合计`` at the end.

    >>> spell_header(["报销情况", "统筹支付"]), spell_header(["乡（镇）"])[::2]
    (['报销情况统筹支付', '统筹支付'], ['乡', '乡镇'])
    """
    clean = [_MONTH.sub("1", _NUMBERING.sub("", clean_text(part))) for part in parts]
    texts = ["".join(clean), "".join(clean[-2:]), *clean[-1:]]
    if len(clean) > 1 and _BRACKETS.sub("", clean[-1]) in _GENERAL:
        texts.append(clean[-2])
    spellings = []
    for text in texts:
        bare = _BRACKETS.sub("", text)
        bare = _YEAR.sub("", bare)
        spellings += [bare, text, re.sub(r"[()\[\]【】〔〕{}]", "", text), _UNIT.sub("", bare)]
    spellings += [_OWN_MONTH.sub("", text) for text in spellings]
    spellings += [f"{match[1] or match[2]}合计" for text in spellings if (match := _WHOLE.search(text))]
    return list(dict.fromkeys(filter(None, [*spellings, *map(_swap_day, spellings)])))


def _swap_day(text: str) -> str:
    """Return a header with the other word for a date, such as ``鉴定时间`` for ``鉴定日期``."""
    for end, other in (("日期", "时间"), ("时间", "日期"), ("日", "日期")):
        if text.endswith(end):
            return text.removesuffix(end) + other
    return ""


def find_factor(text: str) -> float | None:
    """Return the value in yuan of the unit in a text, or None if the text has no unit or several.

    >>> find_factor("直接经济损失（万元）"), find_factor("金额（元）"), find_factor("元、万元")
    (10000.0, 1.0, None)
    """
    units = set(_FACTOR.findall(unicodedata.normalize("NFKC", text)))
    return FACTORS[units.pop()] if len(units) == 1 else None


def read_headers(mapping: Path | None = None) -> Headers:
    """Read the headers of columns and their meanings.

    Parameters
    ----------
    mapping : Path, optional
        A YAML file in the format of `headers.yaml`, whose entries are added. It may also have ``confirmed``, a list of
        headers whose meaning a person has decided, each with ``header``, ``field`` and optionally ``topic`` and
        ``unit``.

    Raises
    ------
    UsageError
        If the file cannot be read, or if it names a topic, a field or a unit that does not exist.
    """
    headers = _read_packaged()
    if mapping is not None:
        topics = {name: replace(topic, vocabulary=topic.vocabulary.copy()) for name, topic in headers.topics.items()}
        headers = Headers(topics, headers.departments, headers.common.copy(), headers.never)
        _extend(headers, _load(mapping), mapping)
    return headers


@cache
def _read_packaged() -> Headers:
    content = yaml.load(files("riskml.lists.reading").joinpath("headers.yaml").read_text("utf-8"), yaml.CSafeLoader)
    common = _build_vocabulary(content["identity"], content["other"], own=False)
    never = {header: Vocabulary() for header in _flatten(content["never"])}
    for header, words in never.items():
        words.add(header, Meaning("other"))
    topics = {name: _build_topic(topic) for name, topic in content["topics"].items()}
    departments = {name: tuple(words) for name, words in content["departments"].items()}
    return Headers(topics, departments, common, never)


def _build_topic(content: Mapping[str, Any]) -> Topic:
    many = frozenset(name for name, spec in content["fields"].items() if spec.get("many"))
    vocabulary = _build_vocabulary(content["fields"], content["other"], own=True)
    needs, allowed = content.get("needs", ""), frozenset(content.get("allowed", ()))
    return Topic(content["department"], tuple(content["words"]), vocabulary, many, needs, allowed)


def _build_vocabulary(fields: Mapping[str, Any], other: Iterable[Any], *, own: bool) -> Vocabulary:
    vocabulary = Vocabulary()
    for name, spec in fields.items():
        position = 0
        for key, rank in RANKS.items():
            for position, header in enumerate(_flatten(spec.get(key, ())), position):  # noqa: B020
                vocabulary.add(header, Meaning(name, (rank, position), own))
    for header in _flatten(other):
        vocabulary.add(header, Meaning("other", own=own))
    return vocabulary


def _flatten(entries: Iterable[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, list):
            yield from entry
        else:
            yield str(entry)


def _load(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text("utf-8-sig"), yaml.CSafeLoader) or {}
    except OSError as error:
        raise UsageError("{path} cannot be read: {reason}.", path=path, reason=explain_os_error(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(
            "{path} is not a YAML file in UTF-8.", "Check its indentation and quotes.", path=path
        ) from error
    if not isinstance(content, dict):
        raise UsageError("{path} has no keys.", "Begin it like this: {form}", path=path, form=FORM)
    return content


def _extend(headers: Headers, content: Mapping[str, Any], path: Path) -> None:
    known = headers.fields
    _require_known(content, {"confirmed", "topics", "identity", "other"}, path)
    for name, spec in (content.get("topics") or {}).items():
        _require_known([name], headers.topics, path)
        _require_known(spec, {"words", "fields", "other"}, path)
        topic = headers.topics[name]
        topic.words += tuple(spec.get("words", ()))
        _require_known(spec.get("fields", {}), known, path)
        _merge(topic.vocabulary, _build_vocabulary(spec.get("fields", {}), spec.get("other", ()), own=True))
    identity = content.get("identity") or {}
    _require_known(identity, known, path)
    _merge(headers.common, _build_vocabulary(identity, content.get("other") or (), own=False))
    for entry in content.get("confirmed") or ():
        _require_known(entry, {"header", "field", "topic", "unit"}, path)
        _require_known([entry.get("field", "")], known, path)
        _require_known([entry["unit"]] if "unit" in entry else [], FACTORS, path)
        _require_known([entry["topic"]] if "topic" in entry else [], headers.topics, path)
        own = "topic" in entry
        meaning = Meaning(entry["field"], own=own, confirmed=True, factor=FACTORS.get(entry.get("unit", "")))
        vocabulary = headers.topics[entry["topic"]].vocabulary if own else headers.common
        vocabulary.add(str(entry["header"]), meaning)


def _merge(vocabulary: Vocabulary, more: Vocabulary) -> None:
    vocabulary.exact |= more.exact
    vocabulary.patterns += more.patterns


def _require_known(names: Iterable[str], known: Iterable[str], path: Path) -> None:
    unknown = sorted(set(map(str, names)) - set(known))
    if unknown:
        raise UsageError(
            "{path} has {count} unknown name(s): {names}.",
            suggest_names(unknown, known)
            or "The file written by --columns has the names of fields; docs/lists.md lists all names.",
            path=path,
            count=len(unknown),
            names=shorten_list(unknown),
        )
