"""Errors of the command line itself, such as an unknown option, in the reader's language.

The library that reads the command line (typer, which contains click) words its errors in English and offers no
translation. They are recognised here by their wording, which stands in ``zh.yaml`` beside the Chinese one; a test
compares the wordings with the installed library.
"""

from __future__ import annotations

import re
from functools import cache

from riskml.text import Text, read_data

_NESTED = {"message", "kind", "needs"}
"""Names of the parts that have wordings of their own; all others repeat what was typed."""


@cache
def load_wordings() -> list[str]:
    """Load every wording of the library that a reader can meet, those with a part that has its own wording first."""
    return [pair["en"] for pair in read_data("riskml", "zh.yaml") if pair.get("library")]


def parse_option_error(message: str) -> Text:
    """Recognise an error of the command line; an unknown one is returned in English.

    >>> parse_option_error("Missing argument 'RECORDS'.").read("zh")
    "缺少参数 'RECORDS'。"
    """
    message = message.removeprefix("Value error, ")
    for wording in load_wordings():
        pattern = re.escape(wording).replace(r"\{kind\}", "(?P<kind>[a-z]+)")
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*?)", pattern)
        if match := re.fullmatch(pattern, message, re.DOTALL):
            values: dict[str, str] = match.groupdict()
            return Text(
                wording, **values | {name: parse_option_error(values[name]) for name in _NESTED & values.keys()}
            )
    return Text(message)
