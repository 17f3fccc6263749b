"""``riskml-serving openapi`` and ``riskml-serving settings``: documents generated from the code."""

from __future__ import annotations

import typer

from riskml_serving.base.settings import Settings


def openapi() -> None:
    """Print the OpenAPI description, as in serving/openapi.json."""
    import json

    from riskml_serving.running.app import create_app

    description = create_app(Settings(database_url="sqlite://")).openapi()
    typer.echo(json.dumps(description, ensure_ascii=False, indent=2, sort_keys=True))


def settings() -> None:
    """Print every setting, as in docs/serving/settings.md."""
    from riskml_serving.base.settings_page import render_settings

    typer.echo(render_settings(), nl=False)
