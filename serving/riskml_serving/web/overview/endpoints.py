"""``/overview``: counts for a region and for its subregions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from riskml.vocabulary.regions import Level
from riskml.vocabulary.verdicts import AGREEMENTS, TIERS, word_tier
from riskml_serving.base.clock import today
from riskml_serving.judging.scores.ranking import SECTIONS
from riskml_serving.operations.state import get_state
from riskml_serving.web.overview import pictures
from riskml_serving.web.overview.service import gather_overview, hide_village_counts
from riskml_serving.web.shell.export import respond_with_workbook
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.rendering import get_language, list_notices, make_namer, render
from riskml_serving.web.shell.visitor import PageRequest, SignedIn, require_region
from riskml_serving.web.shell.words import SIGNALS, explain_star, get_word

router = PageRouter()

PAGE = Page(
    name="overview",
    path="/overview",
    zh="县域总览",
    en="Overview",
    purpose="counts by region, tier, category, cause and agreement; trends by month and quarter; visit yield",
    titles={Level.TOWN: ("本镇概况", "Town overview"), Level.VILLAGE: ("本村概况", "Village overview")},
    action="overview.read",
    region=True,
    menu=True,
)


@router.page(PAGE)
async def overview(request: SignedIn) -> View:
    """Show the counts for a region and for its subregions, and how they change."""
    settings, lang = get_state(request).settings, get_language(request)
    region, page = await _gather(request)
    response = render(
        request,
        "overview.html",
        **page,
        title=PAGE.get_title(lang, region),
        charts=pictures.draw_charts(page, region, make_namer(request, {}), lang),
        paper=hide_village_counts(page["whole"], settings.small_count),
        star_note=explain_star(settings.small_count, lang),
        charted=pictures.MAX_BARS,
        village=len(region) == Level.VILLAGE,
        region=region,
        wider_regions=_list_wider(region, request.caller.region),
        cells=_list_cells(page["whole"], silent=get_state(request).holder.silent),
        sections=SECTIONS,
        drawn=pictures.SIGNALS,
        tiers=[*TIERS.codes[::-1], "none"],
        redacted=bool(request.caller.redact),
        link=lambda code: "/overview?" + urlencode({"region": code}),
        list_link=lambda code, **chosen: "/worklist?" + urlencode({"region": code, **chosen}),
    )
    return View(response, detail={"region": region})


async def _gather(request: PageRequest) -> tuple[str, dict[str, Any]]:
    """Return the region to show, and its counts."""
    state, caller = get_state(request), request.caller
    region, day = require_region(request), today(state.settings)
    return region, await state.read(lambda connection: gather_overview(connection, region, caller, day))


def _list_cells(whole: dict[str, Any], *, silent: bool) -> list[tuple[str, str]]:
    """List the section and signal of each count to show, without counts of 0 that could not be anything else.

    By the packaged policy, no tier of the model is red, and a silent model gives no warning at all.
    """
    unused = {("model", code) for code in SIGNALS if silent or code == "red"}
    return [cell for cell, n in whole["by_warning"].items() if n or cell not in unused]


def _list_wider(region: str, top: str) -> list[str]:
    """List the regions that contain a region, starting with the widest that the reader may see.

    >>> _list_wider("990101101200", "990101")
    ['990101', '990101101']
    """
    return [region[:level] for level in (0, *Level) if len(top) <= level < len(region)]


@router.page(PAGE.make_workbook("/overview.xlsx", "the same counts, without the small ones", "overview.read"))
async def overview_workbook(request: SignedIn) -> View:
    """Export the counts for a region's subregions as a workbook."""
    region, page = await _gather(request)
    settings, lang = get_state(request).settings, get_language(request)
    name_region = make_namer(request, {})
    silent = get_state(request).holder.silent
    groups = {} if silent else {"tier": (*TIERS.codes, "none"), "agreement": AGREEMENTS.codes}
    cells = _list_cells(page["whole"], silent=silent)
    header = ["代码", "地区", "户数"] if lang == "zh" else ["code", "region", "households"]
    header += [f"{get_word('section', section, lang)} {get_word('signal', code, lang)}" for section, code in cells]
    every, hardship = get_word("section", "all", lang), get_state(request).holder.hardship
    for kind, codes in groups.items():
        words = [word_tier(code, flagged=False, hardship=hardship) if kind == "tier" else code for code in codes]
        header += [f"{every} {get_word(kind, code, lang)}" for code in words]
    whole = hide_village_counts(page["whole"], settings.small_count)
    rows = []
    for part in [whole, *whole["parts"]]:
        counts = [part["by_warning"][cell] for cell in cells]
        counts += [part[f"by_{kind}"][code] for kind, codes in groups.items() for code in codes]
        row = [part["region"], name_region(part["region"]), part["households"]]
        rows.append(row + ["*" if n is None else n for n in counts])
    notices = list_notices(request, page["as_of"])
    if any("*" in row for row in rows):
        notices.append(explain_star(settings.small_count, lang))
    sheet = ("总览" if lang == "zh" else "overview", header, rows)
    name = (PAGE.get_title(lang, region), name_region(region), today(settings))
    return View(respond_with_workbook([sheet], notices, *name), detail={"region": region})
