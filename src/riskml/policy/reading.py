"""Read a YAML file value by value, so that every error names the path of the value inside the file."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Hashable, Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, NoReturn, TypeVar, get_origin, get_type_hints

import yaml

from riskml.errors import PolicyError
from riskml.records.contract.calendar import to_day
from riskml.records.contract.versions import ALWAYS
from riskml.text import Joined, Text, join_sentences, shorten_list

R = TypeVar("R")


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses keys that are neither text nor numbers, and repeated keys.

    Of several equal keys, YAML would silently keep only the last.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                problem = Text("the key {key!r} appears twice", key=key)
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            if not isinstance(key, str | int | float):
                problem = Text("key {key!s} is neither text nor a number: quote it", key=key)
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(text: str, name: str) -> Node:
    """Parse the text of a policy file.

    Parameters
    ----------
    text : str
    name : str
        Name of the file in messages.

    Returns
    -------
    Node
        The root; its path is empty.

    Raises
    ------
    PolicyError
        If the text is not valid YAML, if a key is repeated, or if a key is neither text nor a number.
    """
    try:
        return Node(yaml.load(text, Loader=_Loader), "", name)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = Text(" at line {line}", line=mark.line + 1) if mark is not None else ""
        problem = getattr(error, "problem", None) or Text("it cannot be parsed")
        raise PolicyError(
            "The policy file {name} is not valid YAML{where}: {problem}.",
            "Correct that line.",
            name=name,
            where=where,
            problem=problem,
        ) from error


class Node:
    """A value in the file, together with its path.

    Examples
    --------
    >>> root = read_yaml("lines: [{amount: -5}]", "policy.yaml")
    >>> root.read_mapping(["lines"])["lines"].read_items()[0].read_mapping(["amount"])["amount"].read_number(minimum=0)
    Traceback (most recent call last):
    riskml.errors.PolicyError: policy.yaml: lines[0].amount is -5, but it must be at least 0.
    """

    def __init__(self, value: object, path: str, name: str) -> None:
        self.value = value
        self.path = path
        self.name = name

    def fail(self, problem: str, hint: str = "", **values: object) -> NoReturn:
        """Raise an error that names this value's path; ``values`` fill the slots of the problem and of the hint."""
        path, error = self.path or Text("the file"), PolicyError(problem, hint, **values)
        raise PolicyError("{name}: {path} {problem}", error.hint, name=self.name, path=path, problem=error.message)

    def _join_path(self, key: object) -> str:
        return f"{self.path}.{key}" if self.path else str(key)

    def read_entries(self) -> dict[str, Node]:
        """Read a mapping whose keys are free text."""
        if not isinstance(self.value, dict):
            self.fail("must be a mapping, not {value}.", value=_show(self.value))
        for key in self.value:
            if not isinstance(key, str):
                self.fail("has the key {key!r}, which is not text.", 'Write it in quotes: "{key}".', key=key)
        return {key: Node(value, self._join_path(key), self.name) for key, value in self.value.items()}

    def read_mapping(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Node]:
        """Read a mapping whose keys are known; an optional key that is absent is read as null."""
        entries = self.read_entries()
        known = (*required, *optional)
        missing = [key for key in required if key not in entries]
        for key in entries:
            if key not in known:
                self.fail("has an unknown key {key!r}.", suggest(key, known), key=key)
        if missing:
            self.fail(
                "lacks {count} key(s): {missing}.",
                "It needs: {required}.",
                count=len(missing),
                missing=shorten_list(missing),
                required=Joined(required),
            )
        return {key: entries.get(key) or Node(None, self._join_path(key), self.name) for key in known}

    def read_row(self, row: type[R], /, **defaults: object) -> R:
        """Read a mapping into a dataclass, whose annotations ``Annotated[type, reader]`` name the reader of each key.

        Parameters
        ----------
        row : dataclass
        **defaults
            Values for keys that may be absent or null, and for fields that have no key.
        """
        hints = get_type_hints(row, include_extras=True).items()
        readers = {key: hint.__metadata__[0] for key, hint in hints if get_origin(hint) is Annotated}
        required = [key for key in readers if key not in defaults]
        nodes = self.read_mapping(required, [key for key in readers if key in defaults])
        read = {key: nodes[key] for key in readers if key not in defaults or nodes[key].value is not None}
        return row(**{**defaults, **{key: readers[key](node) for key, node in read.items()}})

    def read_items(self) -> list[Node]:
        """Read a list."""
        if not isinstance(self.value, list):
            self.fail("must be a list, not {value}.", value=_show(self.value))
        return [Node(value, f"{self.path}[{i}]", self.name) for i, value in enumerate(self.value)]

    def read_text(self, longest: int | None = None) -> str:
        """Read a text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            hint = "Numbers that are codes or versions need quotes."
            self.fail("must be text, not {value}.", hint, value=_show(self.value))
        if longest is not None and len(self.value) > longest:
            self.fail("is longer than {longest} characters.", longest=longest)
        return self.value

    def read_choice(self, allowed: Iterable[str]) -> str:
        """Read one of the allowed codes."""
        text, allowed = self.read_text(), list(allowed)
        if text not in allowed:
            self.fail("is {text!r}.", suggest(text, allowed), text=text)
        return text

    def read_choice_or_null(self, allowed: Iterable[str]) -> str | None:
        """Read one of the allowed codes, or null as None."""
        return None if self.value is None else self.read_choice(allowed)

    def read_flag(self) -> bool:
        """Read true or false."""
        if not isinstance(self.value, bool):
            self.fail("must be true or false, not {value}.", value=_show(self.value))
        return self.value

    def read_number(self, minimum: float = -math.inf, maximum: float = math.inf, exclusive: bool = False) -> float:
        """Read a finite number within bounds; with ``exclusive``, ``minimum`` itself is not allowed."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            self.fail("must be a number, not {value}.", value=_show(self.value))
        if self.value < minimum or (exclusive and self.value == minimum):
            self.fail(
                "is {value:g}, but it must be above {minimum:g}."
                if exclusive
                else "is {value:g}, but it must be at least {minimum:g}.",
                value=self.value,
                minimum=minimum,
            )
        if self.value > maximum:
            self.fail("is {value:g}, but it must be at most {maximum:g}.", value=self.value, maximum=maximum)
        return float(self.value)

    def read_number_or_null(self, minimum: float = -math.inf) -> float:
        """Read a number, or null as NaN."""
        return math.nan if self.value is None else self.read_number(minimum)

    def read_count(self, minimum: int = 1, maximum: float = math.inf) -> int:
        """Read a whole number."""
        number = self.read_number(minimum, maximum)
        if not number.is_integer():
            self.fail("is {value}, but it must be a whole number.", value=self.value)
        return int(number)

    def read_day(self) -> int:
        """Read a date as a day number."""
        if not isinstance(self.value, dt.date) or isinstance(self.value, dt.datetime):
            hint = "Write it as 2023-01-01, without quotes."
            self.fail("must be a date, not {value}.", hint, value=_show(self.value))
        return to_day(self.value)

    def read_day_or_always(self) -> int:
        """Read a date as a day number, and null as a day before every date."""
        return int(ALWAYS) if self.value is None else self.read_day()

    def read_region(self) -> str:
        """Read a region prefix: digits written as text; an empty prefix means everywhere."""
        if not isinstance(self.value, str) or not (self.value == "" or (self.value.isascii() and self.value.isdigit())):
            hint = 'Region codes are text: write "13" in quotes, "" for everywhere.'
            self.fail("must be a prefix of digits as text, not {value}.", hint, value=_show(self.value))
        return self.value


def suggest(text: str, allowed: Sequence[str]) -> Text:
    """Suggest the closest allowed word, if any is close, and list all allowed words.

    >>> suggest("amont", ["amount", "source"])
    "Did you mean 'amount'? Allowed: amount, source."
    """
    close = get_close_matches(text, allowed, n=1)
    guess = Text("Did you mean {name!r}?", name=close[0]) if close else ""
    return join_sentences(guess, Text("Allowed: {names}.", names=Joined(allowed)))


def _show(value: object) -> str:
    return "null" if value is None else repr(value)
