"""Parse sentences with slots, so that they can be filled for many households."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

_SLOT = re.compile(r"\{(\w+)(?::(\w+))?(?:@(\d+))?\}")


@dataclass(frozen=True)
class Slot:
    """A slot in a sentence: the name of a fact, its argument, and its window if it differs from the feature's."""

    name: str
    argument: str = ""
    window: int | None = None


@dataclass(frozen=True)
class Template:
    """A sentence with slots.

    Parameters
    ----------
    parts : tuple of (bool, tuple of str or Slot)
        The pieces of the sentence. A piece marked True is left out if any of its slots cannot be filled.
    """

    parts: tuple[tuple[bool, tuple[str | Slot, ...]], ...]

    @cached_property
    def slots(self) -> frozenset[Slot]:
        """All slots in the sentence."""
        return frozenset(piece for _, pieces in self.parts for piece in pieces if isinstance(piece, Slot))


@cache
def parse(text: str) -> Template:
    """Parse ``text {name} text [optional {name:argument@window}]``.

    >>> [optional for optional, _ in parse("住院 {number} 次[，自付 {paid}]").parts]
    [False, True]
    >>> sorted(slot.name for slot in parse("住院 {number} 次[，自付 {paid}]").slots)
    ['number', 'paid']
    """
    parts = enumerate(re.split(r"[\[\]]", text))
    return Template(tuple((k % 2 == 1, tuple(_split(part))) for k, part in parts if part))


def _split(part: str) -> Iterator[str | Slot]:
    for piece in re.split(r"(\{.*?\})", part):
        if match := _SLOT.fullmatch(piece):
            yield Slot(match[1], match[2] or "", int(match[3]) if match[3] else None)
        elif piece:
            yield piece
