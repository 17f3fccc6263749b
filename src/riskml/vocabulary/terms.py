"""Terms, and ordered vocabularies that hold the terms of one kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from riskml.text import read_data


@dataclass(frozen=True)
class Term:
    """A code with its Chinese and English names."""

    code: str
    zh: str
    en: str

    def get_name(self, lang: str = "zh") -> str:
        """Return the name in a language, ``zh`` or ``en``."""
        return self.en if lang == "en" else self.zh

    @property
    def names(self) -> dict[str, str]:
        """Both names, by language."""
        return {"zh": self.zh, "en": self.en}


T = TypeVar("T", bound=Term)


class Vocabulary(Mapping[str, T], Generic[T]):
    """Terms of one kind, by code.

    Parameters
    ----------
    *terms : Term
        Terms in a fixed order: a term's position represents its code in arrays and in database columns.

    Examples
    --------
    >>> sexes = Vocabulary(Term("f", "女", "female"), Term("m", "男", "male"))
    >>> sexes["m"].zh, sexes.get_name("m", "en"), sexes.get_name("x", "en"), sexes.codes
    ('男', 'male', 'x', ('f', 'm'))
    """

    def __init__(self, *terms: T) -> None:
        self._terms = {term.code: term for term in terms}
        self.codes = tuple(self._terms)

    def __getitem__(self, code: str) -> T:
        return self._terms[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def get_name(self, code: str, lang: str) -> str:
        """Return the name of a code; an undeclared code is returned unchanged."""
        term = self._terms.get(code)
        return code if term is None else term.get_name(lang)

    def get_names(self, lang: str) -> dict[str, str]:
        """Return the names of all terms, by code."""
        return {code: term.get_name(lang) for code, term in self._terms.items()}


def read_vocabularies(package: str, file: str) -> dict[str, Vocabulary[Term]]:
    """Read vocabularies from a YAML file of a package: for each, the Chinese and the English name of every code."""
    content = read_data(package, file).items()
    return {name: Vocabulary(*(Term(code, *names) for code, names in terms.items())) for name, terms in content}
