"""``riskml-serving gallery``: pictures of the staff pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def gallery(
    demo: Annotated[Path, typer.Argument(help="Folder that `riskml demo` wrote.")] = Path("demo"),
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("docs/gallery"),
) -> None:
    """Take pictures of the staff pages on the demo's county.

    This needs Chromium. The demo's database is recreated.
    """
    from riskml_serving.commands.demo.serve import prepare_again
    from riskml_serving.devtools.gallery import take_pictures

    settings, accounts = prepare_again(demo)
    for path in take_pictures(settings, accounts, out):
        typer.echo(str(path))
