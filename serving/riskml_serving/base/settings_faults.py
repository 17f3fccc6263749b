"""Explains settings that cannot be used: the variable or file, the value unless it is secret, and what is allowed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from riskml.errors import UsageError, explain_os_error, suggest_names
from riskml.text import Joined, Text, join_sentences, shorten_list

WITH_PASSWORD = ("database_url",)
"""Settings whose values may contain a password and are never shown, like those that are secret altogether."""

OPTIONS = {"database_url": "--db", "simulated": "--trial"}
"""Options of commands whose name differs from that of their setting."""


def explain_file(error: Exception, file: str, variable: str) -> UsageError:
    """Explain why the settings file cannot be read."""
    return UsageError(
        "The settings file {file}, named by {variable}, cannot be read: {reason}.",
        "It must be TOML in UTF-8, with lines such as: port = 8000",
        file=file,
        variable=variable,
        reason=_explain_reason(error),
    )


def _explain_reason(error: Exception) -> Text:
    if isinstance(error, OSError):
        return explain_os_error(error)
    if isinstance(error, UnicodeDecodeError):
        return Text("it is not UTF-8")
    reason, line = str(error), re.search("line ([0-9]+)", str(error))
    if line is None:
        return Text("it is not TOML ({reason})", reason=reason)
    return Text("line {line} is not TOML ({reason})", line=line[1], reason=reason)


def explain_values(
    error: ValidationError | SettingsError,
    settings: type[BaseModel],
    options: Mapping[str, Any],
    prefix: str,
    file: str,
) -> UsageError:
    """Explain every value that is not allowed, in a line of its own; if a setting does not exist, explain only that."""
    if isinstance(error, SettingsError):  # raised for the first variable whose value should be JSON
        name = re.findall(r'field "(\w+)"', str(error))[0]
        values: dict[str, Any] = {name: _find_variable(prefix, name)[1]}
    else:
        values = {str(fault["loc"][0]): fault["input"] for fault in reversed(error.errors(include_url=False))}
    unknown = [name for name in values if name not in settings.model_fields]
    if unknown:
        return UsageError(
            "There is no setting {names} (settings file: {file}).",
            join_sentences(
                suggest_names(unknown, settings.model_fields), Text("docs/serving/settings.md lists every setting.")
            ),
            names=shorten_list(unknown),
            file=file,
        )
    schema = settings.model_json_schema()["properties"]
    lines = []
    for name, value in values.items():
        variable, text = _find_variable(prefix, name)
        option = OPTIONS.get(name, "--" + name.replace("_", "-")) if name in options else ""
        in_file = Text("{name} in {file}", name=name, file=file)
        hidden = name in WITH_PASSWORD or _is_secret(schema[name])
        shown = "…" if hidden else str(value if text is None or option else text)[:80]
        lines.append(
            Text(
                "{place} is {value!r}; allowed: {allowed}.",
                place=option or variable or in_file,
                value=shown,
                allowed=_describe_allowed(schema[name]),
            )
        )
    return UsageError(Joined(lines, "\n", "\n"))


def _is_secret(schema: Mapping[str, Any]) -> bool:
    """Return whether a setting is declared as secret."""
    return any(option.get("format") == "password" for option in schema.get("anyOf", [schema]))


def _find_variable(prefix: str, name: str) -> tuple[str, str | None]:
    """Find the environment variable that sets a value; return its name and its text, or an empty name and None."""
    return next(((key, value) for key, value in os.environ.items() if key.upper() == prefix + name.upper()), ("", None))


def _describe_allowed(schema: Mapping[str, Any]) -> Text:
    """Describe the values that a setting allows, from its JSON schema.

    >>> _describe_allowed({"type": "integer", "minimum": 0, "maximum": 65535})
    'a whole number from 0 to 65535'
    >>> _describe_allowed({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}).read("zh")
    '1900 至 2200 年间的日期，如 2024-12-31'
    """
    own = schema.get("anyOf", [schema])[0]
    if own.get("format") == "date":
        return Text("a day from 1900 to 2200 such as 2024-12-31")
    if own.get("enum"):
        return Text("one of: {values}", values=Joined(own["enum"]))
    match own.get("type"):
        case "integer" | "number" as kind:
            number = Text("a whole number") if kind == "integer" else Text("a number")
            return Text("{number} from {least} to {most}", number=number, least=own["minimum"], most=own["maximum"])
        case "boolean":
            return Text("true or false")
        case "array":
            named = own["items"].get("enum")
            kind = Text("keys of 64 hexadecimal digits" if "pattern" in own["items"] else "strings")
            return Text("a JSON list of {values}", values=Joined(named) if named else kind)
        case "object":
            return Text("a JSON object whose values are strings")
    return Text("text")
