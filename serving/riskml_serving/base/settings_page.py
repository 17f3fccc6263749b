"""Writes docs/serving/settings.md from the settings."""

from __future__ import annotations

from pydantic_core import PydanticUndefined

from riskml_serving.base.settings import FILE_VARIABLE, PREFIX, Settings

__all__ = ["settings_page"]

HEAD = f"""# Settings of the service

Each setting is read from the environment variable `{PREFIX}` + its name in capitals, then from the TOML file that
`{FILE_VARIABLE}` names, then from its default. `riskml serve --host --port --db --bundle` stand before both.
This page is written by `riskml-serving settings`; a test fails where it is not up to date.

| setting | environment variable | default | what it does |
|---|---|---|---|
"""


def settings_page() -> str:
    """Return the page."""
    lines = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, PydanticUndefined) else f"`{field.default}`"
        lines.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return HEAD + "\n".join(lines) + "\n"
