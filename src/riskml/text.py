"""Messages in English and Chinese.

A message is written in English where it belongs, as a template with named values. Its Chinese wording is in a
catalogue beside the package, ``zh.yaml``, under the same template; a test walks the sources, so that none is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

Lang = Literal["zh", "en"]

CATALOGUES = ["riskml"]
"""Packages that have a catalogue ``zh.yaml``; a package that adds its own messages appends its name."""


class Text(str):
    """A message that can be read in both languages; as a string it is the English one.

    Parameters
    ----------
    template : str
        English text with the names of values in braces, as in ``str.format``. Without values it is used unchanged;
        a text is returned as it is.
    **values
        Values for the template; those that are texts themselves appear in the language of the message.

    Examples
    --------
    >>> text = Text("{path} cannot be written: {reason}.", path="a.csv", reason="no space")
    >>> text, text.read("zh")
    ('a.csv cannot be written: no space.', '无法写入 a.csv：no space。')
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Self:  # noqa: D102
        if isinstance(template, cls):
            return template
        text = super().__new__(cls, template.format(**values) if values else template)
        text.template, text.values = template, values
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.template, self.values)

    def __add__(self, other: str) -> Text:
        return Joined((self, other), "", "")

    def read(self, lang: str) -> str:
        """Return the text in a language, ``zh`` or ``en``; a text without Chinese wording is returned in English."""
        chinese = load_chinese().get(self.template) if lang == "zh" else None
        if chinese is None:
            return str(self)
        values = {name: read(value, lang) for name, value in self.values.items()}
        return chinese.format(**values) if values else chinese


def _rebuild(template: str, values: dict[str, Any]) -> Text:
    return Text(template, **values)


class Joined(Text):
    """Texts joined by one separator in English and another in Chinese; the defaults join the items of a list.

    >>> Joined(["a.csv", Text("nothing")]).read("zh")
    'a.csv、nothing'
    """

    parts: tuple[str, ...]
    separators: tuple[str, str]

    def __new__(cls, parts: Iterable[object], en: str = ", ", zh: str = "、") -> Self:  # noqa: D102
        own = tuple(part if isinstance(part, str) else str(part) for part in parts)
        text = super().__new__(cls, en.join(own))
        text.parts, text.separators = own, (en, zh)
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return Joined, (self.parts, *self.separators)

    def read(self, lang: str) -> str:
        """Return the joined texts in a language."""
        return self.separators[lang == "zh"].join(read(part, lang) for part in self.parts)


def load_chinese() -> dict[str, str]:
    """Load the Chinese wording of every message from the catalogues, by English template."""
    return _load_chinese(tuple(CATALOGUES))


@cache
def _load_chinese(packages: tuple[str, ...]) -> dict[str, str]:
    return {pair["en"]: pair["zh"] for package in packages for pair in read_data(package, "zh.yaml")}


def read_data(package: str, file: str) -> Any:
    """Read a YAML file that stands beside the modules of a package."""
    import yaml  # an English reader needs it only for some files

    return yaml.load(files(package).joinpath(file).read_text("utf-8"), yaml.CSafeLoader)


def read(value: Any, lang: str) -> Any:
    """Return a text in a language; anything else is returned as it is."""
    return value.read(lang) if isinstance(value, Text) else value


def join_sentences(*sentences: str) -> Text:
    """Join the sentences that are not empty, with a space between them in English only."""
    return Joined(filter(None, sentences), " ", "")


def shorten_list(values: Iterable[object], most: int = 5) -> Text:
    """Join at most ``most`` values for a message, and count the rest.

    >>> text = shorten_list(["a", "b", "c"], most=2)
    >>> text, text.read("zh")
    ('a, b and 1 more', 'a、b 等 3 项')
    """
    own = list(values)
    shown = Joined(own[:most])
    if len(own) <= most:
        return shown
    return Text("{shown} and {more} more", shown=shown, more=len(own) - most, all=len(own))


def detect_language(environment: Mapping[str, str] = os.environ) -> Lang:
    """Return the language of a terminal: Chinese if ``LC_ALL``, ``LC_MESSAGES`` or ``LANG`` asks for it.

    >>> detect_language({"LANG": "zh_CN.UTF-8"}), detect_language({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
    ('zh', 'en')
    """
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    return "zh" if locale.lower().startswith("zh") else "en"
