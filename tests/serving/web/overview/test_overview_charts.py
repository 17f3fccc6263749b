"""The charts on the overview page show the right counts for every quarter, with a legend that names each shade."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import defaultdict

from riskml.explanation.timeline.svg import estimate_width
from riskml_serving.web.overview.charts import FILLS, FONT_SIZE, SHADES, WIDTH, draw_bars, draw_columns
from riskml_serving.web.overview.service import count_quarters


def find_charts(site):
    return {
        chart[1]: chart[0]
        for chart in re.findall(r"(<svg.*?<title>(.*?)</title>.*?</svg>)", site.get("/overview").text, re.S)
    }


def find_fills(chart):
    return set(re.findall(r'fill="(#\w{6})" stroke=', chart))


def test_causes_over_time_are_drawn_and_labelled_from_dark_to_light(site):
    site.sign_in("county")
    page = site.get("/overview").text
    chart = find_charts(site)["各季度新纳入监测的风险原因"]
    heads = re.findall(r'<th class="n">(\d{4} Q\d)</th>', page)
    assert len(heads) > 2
    labels = re.findall(r">(Q\d)</text>", chart)
    assert labels == [head[5:] for head in heads], "the chart has one column for each quarter in the table"
    table = page.split("风险原因表")[1].split("</table>")[0]
    total = {
        cause: sum(map(int, re.findall(r'class="n">(\d+)', row)[1:]))
        for cause, row in re.findall(r"<tr><td>(\S+?)</td>(.*?)</tr>", table)
    }
    named = re.findall(r">(因\w+|缺劳动力|住房安全|饮水安全|其他|其余原因)</text>", chart)
    counts = [total[cause] for cause in named if cause != "其余原因"]
    assert counts == sorted(total.values(), reverse=True)[: len(counts)]

    assert 2 <= len(named) <= len(SHADES)
    assert find_fills(chart) <= {FILLS[shade][0] for shade in SHADES}
    assert "只统计已纳入监测的户" in page


def test_the_chart_by_month_has_a_legend_with_every_colour_drawn(site):
    site.sign_in("county")
    chart = find_charts(site)["各月信号户数（规则已预警、模型提前预警合计）"]
    assert re.findall(r">([红橙黄绿])</text>", chart) == ["红", "橙", "黄"]
    assert {FILLS[c][0] for c in ("red", "orange", "yellow")} == find_fills(chart)


def test_causes_over_time_leave_out_health_without_the_right(site):
    site.sign_in("blind")
    assert not set(re.findall(r">(因病|因残)</text>", find_charts(site)["各季度新纳入监测的风险原因"]))


def test_a_quarter_without_entries_is_kept():
    rows = [{"entered_on": dt.date(2020 + i, 12, 31), "causes": "work;illness"} for i in range(4)]
    quarters = count_quarters(rows, ["work"], dt.date(2023, 12, 31))
    assert [name for name, _ in quarters] == [f"{year} Q{q}" for year in (2022, 2023) for q in (1, 2, 3, 4)]
    assert [counts for _, counts in quarters if counts] == [{"work": 1}, {"work": 1}]
    assert count_quarters([], ["work"], dt.date(2023, 12, 31)) == []


def test_the_causes_of_recent_quarters_are_shown_even_if_nobody_entered_monitoring():
    rows = [{"entered_on": dt.date(2021, 12, 31), "causes": "work"}]
    quarters = count_quarters(rows, ["work"], dt.date(2024, 6, 30))
    assert [quarters[0][0], quarters[-1][0]] == ["2022 Q3", "2024 Q2"]
    assert not any(counts for _, counts in quarters)


def test_labels_and_numbers_of_charts_stay_inside_and_apart():
    rows = [(name * 5, [("red", 123_456.0), ("yellow", 3.0)]) for name in ("产业", "other ", "项目")]
    for svg in (draw_bars(rows, ""), draw_columns([("1\n2024", parts) for _, parts in rows * 4], "")):
        lines = defaultdict(list)
        for x, y, anchor, words in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*?(?:anchor="(\w+)")?>([^<]*)', svg):
            width = estimate_width(words, FONT_SIZE)
            left = float(x) - width * {"": 0, "middle": 0.5, "end": 1}[anchor]
            lines[y].append((left, left + width))
        for spans in map(sorted, lines.values()):
            assert spans[0][0] >= 0
            assert spans[-1][1] <= WIDTH
            assert all(stop <= start for (_, stop), (start, _) in itertools.pairwise(spans)), svg


def test_the_overview_counts_only_visits_that_led_to_a_decision(site):
    site.sign_in("township")
    first, second = re.findall(r'href="/households/([^"?]+)"', site.get("/worklist").text)[:2]
    site.verify(first, outcome="confirmed")
    site.verify(second, outcome="not_met")
    page = site.get("/overview").text
    assert re.search(r"<td class=\"n\">100</td>", page), "the rate per 100 visits with a finding"
    assert page.count('role="img"') >= 3
