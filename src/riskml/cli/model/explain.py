"""``riskml explain``: explain why a household is flagged, what a visit should verify, and what could help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from riskml.cli.inputs import load_bundle, read_records, warn_if_simulated
from riskml.cli.options import (
    AsJson,
    AsOf,
    BundleArgument,
    Language,
    PolicyFile,
    RecordsArgument,
    SkipBadRows,
    parse_day,
)
from riskml.cli.output import print_json, write_file
from riskml.cli.progress import show_progress
from riskml.cli.terminal import print_note
from riskml.errors import UsageError, suggest_names
from riskml.text import Text, join_sentences

if TYPE_CHECKING:
    from riskml.records.panel.panel import Panel


def explain(
    bundle: BundleArgument,
    records: RecordsArgument,
    household: Annotated[str, typer.Argument(help="Household code.", show_default=False)],
    as_of: AsOf,
    lang: Language = "zh",
    redact: Annotated[Literal["health"] | None, typer.Option(help="Leave out health details.")] = None,
    as_json: AsJson = False,
    svg: Annotated[Path | None, typer.Option(help="Save the timeline as an SVG file, font included.")] = None,
    png: Annotated[Path | None, typer.Option(help="Save the timeline as a PNG file.")] = None,
    policy: PolicyFile = None,
    skip_bad_rows: SkipBadRows = None,
) -> None:
    """Explain one household's risk.

    The explanation has both verdicts, reasons with amounts and periods, data gaps and what to verify. Reasons name
    what is associated with the risk, never its cause. For guidance only, not a basis for any decision.
    """
    from riskml.cli.results import show_explanation
    from riskml.explanation.household.narrator import Narrator
    from riskml.policy import load_policy
    from riskml.scoring import score

    model, table = load_bundle(bundle), load_policy(policy)
    at = parse_day(as_of, "--as-of")
    with show_progress() as bar:
        loaded = read_records(records, table, skip_bad_rows, bar, at)
        position = loaded.index(household)
        if position is None:
            raise UsageError(
                "There is no household {household!r} in {records}.",
                join_sentences(
                    Text("Write the code exactly as in the table `households`."),
                    suggest_names([household], loaded.household_id.tolist()),
                ),
                household=household,
                records=records,
            )
        panel = loaded.panel(at, position, position + 1, basis=model.settings.basis)
        scores = score(model, loaded, at, table, bar).set_index("household_id")
        if household not in scores.index:
            if panel.deserted.any():
                raise UsageError(
                    "Every member of household {code!r} has left by {day}.",
                    "Choose an earlier --as-of.",
                    code=household,
                    day=as_of,
                )
            raise UsageError(
                "Household {household!r} is not known on {as_of}.",
                "Choose a later --as-of.",
                household=household,
                as_of=as_of,
            )
        explanation = Narrator(model, table).explain(
            panel, agreement=str(scores.loc[household, "agreement"]), redact=() if redact is None else (redact,)
        )
        simulated = loaded.simulated
        options = {"lang": lang, "health": redact is None, "window": model.settings.window, "simulated": simulated}
        _draw(panel, svg, png, options)
    warn_if_simulated(model, loaded)
    if as_json:
        print_json({**explanation.to_json(), "simulated": simulated})
    else:
        show_explanation(explanation, lang, simulated=simulated)
    for path in (svg, png):
        if path is not None:
            print_note("Timeline: {path}", path=path)


def _draw(panel: Panel, svg: Path | None, png: Path | None, options: dict[str, Any]) -> None:
    """Save the requested pictures."""
    if svg is None and png is None:
        return
    from riskml.explanation.timeline.timeline import draw_timeline_png, draw_timeline_svg

    if svg is not None:
        text = draw_timeline_svg(panel, **options, embed_font=True)
        write_file(svg, lambda path: path.write_text(text, encoding="utf-8", newline="\n"))
    if png is not None:
        data = draw_timeline_png(panel, **options)
        write_file(png, lambda path: path.write_bytes(data))
