"""``riskml explain``: why a household is flagged, what to check on the doorstep, what could help."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskml.cli.inputs import read_records
from riskml.cli.options import AsOf, BundleArgument, Lang, PolicyFile, RecordsArgument, SkipBadRows, parse_day
from riskml.cli.output import write_file
from riskml.cli.progress import show_progress
from riskml.errors import UsageError

if TYPE_CHECKING:
    from riskml.records.panel.panel import Panel

__all__ = ["explain"]


class Redact(StrEnum):
    """What a reader may not see."""

    HEALTH = "health"


def explain(
    bundle: BundleArgument,
    records: RecordsArgument,
    household: Annotated[str, typer.Argument(help="Household code.", show_default=False)],
    as_of: AsOf,
    lang: Annotated[Lang, typer.Option(help="Language of the sentences.")] = Lang.ZH,
    redact: Annotated[
        Redact | None, typer.Option(help="Leave out what a role may not see: health details.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the sentences in both languages.")] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Draw the timeline into this SVG file, font included.", show_default=False)
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Draw the timeline into this PNG file.", show_default=False)] = None,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Explain one household: both verdicts, reasons with sums and periods, what is missing, steps to verify.

    Reasons say what goes together with the risk, never what caused it. For reference in study and judgement only.
    """
    from riskml.cli.results import show_explanation
    from riskml.explanation.household.narrator import Narrator
    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.records.reading.files import truth_in
    from riskml.scoring import score

    model, table = Bundle.load(bundle), load_policy(policy)
    at = parse_day(as_of, "--as-of")
    with show_progress() as bar:
        bar.stage("reading the records")
        loaded = read_records(records, table, skip_bad_rows)
        place = loaded.index(household)
        if place is None:
            raise UsageError(
                f"There is no household {household!r} in {records}.", "Write the code exactly as in table households."
            )
        scores = score(model, loaded, at, table, bar).set_index("household_id")
        if household not in scores.index:
            raise UsageError(f"Household {household!r} is not known on {as_of}.", "Choose a later --as-of.")
        panel = loaded.panel(at, place, place + 1)
        found = Narrator(model, table).explain(
            panel,
            agreement=str(scores.loc[household, "agreement"]),
            redact=() if redact is None else (redact.value,),
        )
        simulated = truth_in(records) is not None or model.report.get("simulated", False)
        options = {
            "lang": lang.value,
            "health": redact is None,
            "window": model.settings["window"],
            "simulated": simulated,
        }
        _draw(panel, svg, png, options)
    if as_json:
        typer.echo(json.dumps({**found.to_json(), "simulated": simulated}, ensure_ascii=False, indent=2))
    else:
        show_explanation(found, lang.value, simulated=simulated)
    for path in (svg, png):
        if path is not None:
            typer.echo(f"Timeline: {path}", err=True)


def _draw(panel: Panel, svg: Path | None, png: Path | None, options: dict[str, Any]) -> None:
    """Write the pictures that are asked for."""
    if svg is None and png is None:
        return
    from riskml.explanation.timeline.timeline import draw_timeline_png, draw_timeline_svg

    if svg is not None:
        text = draw_timeline_svg(panel, **options, embed_font=True)
        write_file(svg, lambda path: path.write_text(text, encoding="utf-8", newline="\n"))
    if png is not None:
        data = draw_timeline_png(panel, **options)
        write_file(png, lambda path: path.write_bytes(data))
