"""``/overview``: a region's counts, rolled up and drilled down."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
from fastapi import Request

from riskml.vocabulary.regions import Level
from riskml.vocabulary.verdicts import AGREEMENTS, CATEGORIES, COLOURS, TIERS
from riskml_serving.base.clock import today
from riskml_serving.base.database import reading
from riskml_serving.operations.state import get_state
from riskml_serving.web.overview.service import on_paper, region_page
from riskml_serving.web.shell.charts import SHADES, bars, columns
from riskml_serving.web.shell.export import workbook
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.region_names import read_region_names, region_name
from riskml_serving.web.shell.rendering import language_of, render
from riskml_serving.web.shell.visitor import SignedIn, Visitor, require_region
from riskml_serving.web.shell.words import SHAPES, explain_star, get_word, make_notice

__all__ = ["router"]

router = PageRouter()

MOST_BARS = 40
GRAVE = COLOURS.codes[::-1]

PAGE = Page(
    name="overview",
    path="/overview",
    zh="县域总览",
    en="Overview",
    purpose="counts by region, tier, category, cause and agreement; months and quarters; yield of visits",
    titles={9: ("本镇概况", "Town overview"), 12: ("本村概况", "Village overview")},
    action="overview.read",
    region=True,
    menu=True,
)


@router.page(PAGE)
async def overview(request: Request, visitor: SignedIn) -> View:
    """Show a region's counts, its parts, and how they change."""
    region, page = await _gather(request, visitor)
    lang, names = language_of(request), read_region_names(get_state(request).settings.region_names)
    parts = page["whole"]["parts"][:MOST_BARS]
    rows = [
        (region_name(names, p["region"], lang, region), [(c, float(p["by_signal"][c])) for c in GRAVE if c != "green"])
        for p in parts
    ]
    months = [
        (_month(month, i == 0), [(c, float(counts[COLOURS.codes.index(c)])) for c in GRAVE if c != "green"])
        for i, (month, counts) in enumerate(page["months"])
    ]
    shares = [
        (get_word("agreement", row["agreement"], lang), [("plain", row["share"])])
        for row in page["yields"]
        if row["visits"] and row["agreement"] != "none"
    ]
    says = {
        "zh": (
            "各地信号户数",
            "各月信号户数",
            "每次走访核实属实",
            "现有监测户的风险原因",
            "各季度新纳入监测的风险原因",
        ),
        "en": ("signals", "signals by month", "yield", "causes", "causes by quarter of entering monitoring"),
    }[lang]
    response = render(
        request,
        "overview.html",
        visitor,
        **page,
        title=PAGE.title(lang, region),
        paper=on_paper(page["whole"], get_state(request).settings.small_count),
        withheld=explain_star(get_state(request).settings.small_count, lang),
        charted=MOST_BARS,
        village=len(region) == Level.VILLAGE,
        region=region,
        up=_up(region, visitor.caller.region),
        colours=GRAVE,
        shapes=SHAPES,
        tiers=[*TIERS.codes[::-1], "none"],
        agreements=AGREEMENTS,
        categories=CATEGORIES,
        redacted=bool(visitor.caller.redact),
        causes_chart=bars(
            [(get_word("cause", c, lang), [("plain", float(n))]) for c, n in page["by_cause"].items() if n], says[3]
        )
        if any(page["by_cause"].values())
        else "",
        parts_chart=bars(rows, says[0]) if any(n for _, found in rows for _, n in found) else "",
        months_chart=columns(months, says[1], [(c, get_word("signal", c, lang)) for c in GRAVE if c != "green"])
        if months
        else "",
        quarters_chart=_causes_over_time(page["quarters"], says[4], lang),
        yields_chart=bars(shares, says[2]) if shares else "",
        link=lambda code: "/overview?" + urlencode({"region": code}),
        list_link=lambda code: "/worklist?" + urlencode({"region": code}),
    )
    return View(response, detail={"region": region})


def _causes_over_time(quarters: list[tuple[str, dict[str, int]]], said: str, lang: str) -> str:
    """Draw the most frequent causes of each quarter's entries, and all others as one part."""
    total: Counter[str] = sum((Counter(found) for _, found in quarters), Counter())
    named = [code for code, _ in total.most_common(len(SHADES) - 1)]
    if not named:
        return ""
    rows = []
    for i, (quarter, found) in enumerate(quarters):
        year, _, name = quarter.partition(" ")
        parts = [float(found.get(code, 0)) for code in named]
        parts.append(sum(found.values()) - sum(parts))
        label = f"{name}\n{year}" if i == 0 or name == "Q1" else name
        rows.append((label, list(zip((*SHADES[: len(named)], SHADES[-1]), parts, strict=True))))
    legend = [*zip(SHADES, (get_word("cause", code, lang) for code in named), strict=False)]
    others = [(SHADES[-1], {"zh": "其余原因", "en": "other causes"}[lang])] if len(total) > len(named) else []
    return columns(rows, said, legend + others)


async def _gather(request: Request, visitor: Visitor) -> tuple[str, dict[str, Any]]:
    state, caller = get_state(request), visitor.caller
    region = await require_region(request, visitor)

    def read() -> dict[str, Any]:
        with reading(state.engine) as connection:
            return region_page(connection, region, caller, today(state.settings))

    page = await anyio.to_thread.run_sync(read)
    return region, page


def _month(month: str, first: bool) -> str:
    """Label of a month; the year stands below the first and every January.

    >>> _month("2024-01", False).split(), _month("2024-02", False)
    (['1', '2024'], '2')
    """
    year, number = month[:4], str(int(month[5:]))
    return f"{number}\n{year}" if first or number == "1" else number


def _up(region: str, top: str) -> list[str]:
    """Regions around one, from the widest that the reader may see.

    >>> _up("990101101200", "990101")
    ['990101', '990101101']
    """
    return [region[:level] for level in (0, *Level) if len(top) <= level < len(region)]


@router.page(
    Page(
        name="overview-workbook",
        path="/overview.xlsx",
        zh="县域总览（Excel）",
        en="Overview (Excel)",
        purpose="the same counts, small ones withheld",
        action="overview.read",
        region=True,
    )
)
async def overview_workbook(request: Request, visitor: SignedIn) -> View:
    """Give the counts of a region's parts as a workbook."""
    region, page = await _gather(request, visitor)
    settings, lang = get_state(request).settings, language_of(request)
    names = read_region_names(settings.region_names)
    header = ["代码", "地区", "户数"] if lang == "zh" else ["code", "place", "households"]
    header += [get_word("signal", c, lang) for c in GRAVE] + [get_word("tier", c, lang) for c in (*TIERS, "none")]
    header += [get_word("agreement", c, lang) for c in AGREEMENTS]
    rows, whole = [], on_paper(page["whole"], settings.small_count)
    for part in [whole, *whole["parts"]]:
        signal, tier, agreement = part["by_signal"], part["by_tier"], part["by_agreement"]
        counts = [signal[c] for c in GRAVE] + [tier[c] for c in (*TIERS, "none")] + [agreement[c] for c in AGREEMENTS]
        row = [part["region"], region_name(names, part["region"], lang), part["households"]]
        rows.append(row + ["*" if n is None else n for n in counts])
    notice = make_notice(lang, settings.simulated)
    if any("*" in row for row in rows):
        notice += " · " + explain_star(settings.small_count, lang)
    sheet = ("总览" if lang == "zh" else "overview", header, rows)
    return View(workbook([sheet], notice, f"overview-{region or 'all'}.xlsx"), detail={"region": region})
