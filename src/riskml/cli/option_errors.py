"""Errors of the command line itself, such as an unknown option, in the reader's language.

The library that reads the command line (typer, which contains click) words its errors in English and offers no
translation. They are recognised here by their wording; a test compares the wordings with the installed library.
"""

from __future__ import annotations

import re

from riskml.text import Text

__all__ = ["WORDINGS", "parse_option_error"]

WORDINGS = (
    "{message}. Did you mean {known}?",
    "{message} (Possible options: {known})",
    "Invalid value for {hint}: {message}",
    "Invalid value: {message}",
    "Missing {kind}{hint}. {message}",
    "Missing {kind}{hint}.",
    "Missing command.",
    "No such command {name}.",
    "No such command {name}",
    "No such option: {option}",
    "Got unexpected extra argument(s) ({arguments})",
    "Option {option} requires {needs}",
    "Option {option} does not take a value.",
    "Argument {argument} takes {count} values.",
    "Could not open file {file}: {message}",
    "Choose from:\n\t{known}",
    "Value must be an iterable.",
    "Value {value} is not a valid {type}.",
    "value is not a valid tuple",
    "None is not a valid string",
    "{needed} values are required, but {count} given.",
    "{value} does not match the formats {formats}.",
    "{value} is not one of {known}.",
    "{kind} {path} does not exist.",
    "{kind} {path} is a file.",
    "{kind} {path} is a directory.",
    "{kind} {path} is not readable.",
    "{kind} {path} is not writable.",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid number, unable to parse string as a number",
    "Input should be a valid boolean, unable to interpret input",
    "Unable to parse input string as an integer, exceeded maximum size",
    "Input should be a finite number",
    "Input should be greater than or equal to {minimum}",
    "Input should be less than or equal to {maximum}",
    "an argument.",
    "{count} arguments.",
    "argument",
    "option",
    "file",
    "dir",
    "path",
    "unknown error",
    "'{file}': {message}",
)
"""Every wording of the library that a reader can meet, those with a part that has its own wording first."""

_NESTED = {"message", "kind", "needs"}
"""Names of the parts that have wordings of their own; all others repeat what was typed."""


def parse_option_error(message: str) -> Text:
    """Recognise an error of the command line; an unknown one is returned in English.

    >>> parse_option_error("Missing argument 'RECORDS'.").read("zh")
    "缺少参数 'RECORDS'。"
    """
    message = message.removeprefix("Value error, ")
    for wording in WORDINGS:
        pattern = re.escape(wording).replace(r"\{kind\}", "(?P<kind>[a-z]+)")
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*?)", pattern)
        if match := re.fullmatch(pattern, message, re.DOTALL):
            values: dict[str, str] = match.groupdict()
            return Text(
                wording, **values | {name: parse_option_error(values[name]) for name in _NESTED & values.keys()}
            )
    return Text(message)
