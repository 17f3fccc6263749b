"""The headers of columns: the synonyms in `headers.yaml`, and those that a county has confirmed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from riskml.errors import UsageError, explain_os_error, suggest_names
from riskml.lists.data_files import Patterns, load_data
from riskml.text import shorten_list

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

_HEADER = Patterns("headers")


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
            if meaning and not _HEADER.negation.search(text[:i]):
                return len(text) - i, replace(meaning, rank=(meaning.rank[0], meaning.rank[1] + _LATER))
        return None

    def extend(self, fields: Mapping[str, Any], other: Iterable[Any], *, own: bool) -> None:
        """Add headers as `headers.yaml` lists them, by field and rank; they replace those known before."""
        added = Vocabulary()
        for name, spec in fields.items():
            ranked = [(rank, header) for key, rank in RANKS.items() for header in _flatten(spec.get(key, ()))]
            for position, (rank, header) in enumerate(ranked):
                added.add(header, Meaning(name, (rank, position), own))
        for header in _flatten(other):
            added.add(header, Meaning("other", own=own))
        self.exact |= added.exact
        self.patterns += added.patterns

    def list_fields(self) -> set[str]:
        """List the fields that the headers may have."""
        return {meaning.field for meaning in (*self.exact.values(), *(own[2] for own in self.patterns))}


@dataclass(slots=True)
class Topic:
    """What the rows of a list are about, as `headers.yaml` declares it, and the headers of their columns.

    Several columns of one list may have the same field if it is in ``many``.
    """

    zh: str = ""
    en: str = ""
    department: str = ""
    words: Sequence[str] = ()
    needs: str = ""
    allowed: Collection[str] = ()
    amount: str = ""
    amount_words: str = ""
    kinds: str = ""
    later: bool = False
    head: bool = False
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    many: set[str] = field(default_factory=set)


@dataclass
class Headers:
    """The headers of columns, by topic; ``departments`` holds the words that name a department."""

    topics: dict[str, Topic]
    departments: Mapping[str, Sequence[str]]
    never: Mapping[str, Vocabulary]
    common: Vocabulary = field(default_factory=Vocabulary)
    _known: dict[tuple[str, ...], Meaning | None] = field(default_factory=dict)

    @property
    def fields(self) -> set[str]:
        """Every field that a column may have."""
        return self.common.list_fields().union(*(topic.vocabulary.list_fields() for topic in self.topics.values()))

    @cached_property
    def _names(self) -> tuple[set[str], re.Pattern[str]]:
        """The headers of all lists, and a pattern for those that are patterns."""
        vocabularies = [self.common, *(topic.vocabulary for topic in self.topics.values())]
        patterns = (pattern.pattern for words in vocabularies for pattern, *_ in words.patterns)
        return set().union(*(words.exact for words in vocabularies)), re.compile("|".join(patterns))

    def get_topic(self, name: str) -> Topic:
        """Return a topic; one without any headers if there is none with that name."""
        return self.topics.get(name) or Topic()

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
        own = self.get_topic(topic).vocabulary
        pairs = [(own, 0.2), (self.common, 0.0)]
        matches = [
            (match[0] + bonus, match[1]) for words, bonus in pairs for text in texts if (match := words.find(text))
        ]
        matches += [match for text in texts if (match := own.find_end(text))] if not matches else []
        weight, meaning = max(matches, key=lambda match: match[0], default=(0.0, None))
        never = (words for pattern, words in self.never.items() if pattern not in self.get_topic(topic).allowed)
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
        exact, pattern = self._names
        if len(text) > _LONGEST or sum(map(str.isdigit, text)) > _DIGITS:
            return False
        return any(name in exact or pattern.fullmatch(name) for name in spell_header([text]))


def clean_text(text: str) -> str:
    """Convert a text to half-width characters, without spaces, marks and line breaks.

    >>> clean_text("＊ 姓　 名：")
    '姓名'
    """
    return _HEADER.marks.sub("", unicodedata.normalize("NFKC", text)).replace("\\", "/").upper()


def spell_header(parts: Sequence[str]) -> list[str]:
    """List the texts under which a header may be known: all parts joined, and the last one, with and without brackets.

    Every month is replaced by January, so that a header has the same meaning for all months. A month at the start may
    be missing, and every word for a sum may be ``合计`` at the end.

    >>> spell_header(["报销情况", "统筹支付"]), spell_header(["乡（镇）"])[::2]
    (['报销情况统筹支付', '统筹支付'], ['乡', '乡镇'])
    """
    clean = [_HEADER.month.sub("1", _HEADER.numbering.sub("", clean_text(part))) for part in parts]
    texts = ["".join(clean), "".join(clean[-2:]), *clean[-1:]]
    if len(clean) > 1 and _HEADER.brackets.sub("", clean[-1]) in _GENERAL:
        texts.append(clean[-2])
    spellings = []
    for text in texts:
        bare = _HEADER.brackets.sub("", text)
        bare = _HEADER.year.sub("", bare)
        spellings += [bare, text, re.sub(r"[()\[\]【】〔〕{}]", "", text), _HEADER.unit.sub("", bare)]
    spellings += [_HEADER.own_month.sub("", text) for text in spellings]
    spellings += [f"{match[1] or match[2]}合计" for text in spellings if (match := _HEADER.whole.search(text))]
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
    units = set(_HEADER.factor.findall(unicodedata.normalize("NFKC", text)))
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
    if mapping is None:
        return _read_packaged()
    headers, content = _read_packaged.__wrapped__(), _load(mapping)
    _refuse_unknown(headers, content, mapping)
    _extend(headers, content)
    for entry in content.get("confirmed") or ():
        own = "topic" in entry
        meaning = Meaning(entry["field"], own=own, confirmed=True, factor=FACTORS.get(entry.get("unit", "")))
        vocabulary = headers.topics[entry["topic"]].vocabulary if own else headers.common
        vocabulary.add(str(entry["header"]), meaning)
    return headers


@cache
def _read_packaged() -> Headers:
    content = load_data("reading/headers")
    never = {header: Vocabulary() for header in _flatten(content["never"])}
    for header, words in never.items():
        words.add(header, Meaning("other"))
    declared = {
        name: Topic(**{key: own for key, own in topic.items() if key not in ("words", "fields", "other")})
        for name, topic in content["topics"].items()
    }
    headers = Headers(declared, content["departments"], never)
    _extend(headers, content)
    return headers


def _extend(headers: Headers, content: Mapping[str, Any]) -> None:
    """Add the headers of `headers.yaml`, or those that a county adds in the same format."""
    for name, spec in (content.get("topics") or {}).items():
        topic, fields = headers.topics[name], spec.get("fields", {})
        topic.words = [*topic.words, *spec.get("words", ())]
        topic.many |= {name for name, own in fields.items() if own.get("many")}
        topic.vocabulary.extend(fields, spec.get("other", ()), own=True)
    headers.common.extend(content.get("identity") or {}, content.get("other") or (), own=False)


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


def _refuse_unknown(headers: Headers, content: Mapping[str, Any], path: Path) -> None:
    """Refuse a county's file that names a topic, a field or a unit that does not exist."""
    known = headers.fields
    _require_known(content, {"confirmed", "topics", "identity", "other"}, path)
    for name, spec in (content.get("topics") or {}).items():
        _require_known([name], headers.topics, path)
        _require_known(spec, {"words", "fields", "other"}, path)
        _require_known(spec.get("fields", {}), known, path)
    _require_known(content.get("identity") or {}, known, path)
    for entry in content.get("confirmed") or ():
        _require_known(entry, {"header", "field", "topic", "unit"}, path)
        _require_known([entry.get("field", "")], known, path)
        _require_known([entry["unit"]] if "unit" in entry else [], FACTORS, path)
        _require_known([entry["topic"]] if "topic" in entry else [], headers.topics, path)


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
