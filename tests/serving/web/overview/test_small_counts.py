"""Small counts for villages are exact on screen, but withheld in Excel and in print."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from riskml_serving.web.overview.small_counts import hide_small_counts

LEAST = 5


@given(st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=1, max_size=6))
def test_small_counts_are_withheld_and_cannot_be_derived_from_sums(rows):
    kept = hide_small_counts(rows, LEAST)
    cells = [(n, shown) for row, line in zip(rows, kept, strict=True) for n, shown in zip(row, line, strict=True)]
    assert all(shown is None or shown == n for n, shown in cells)
    assert not any(0 < n < LEAST and shown is not None for n, shown in cells)
    if not any(0 < n < LEAST for n, _ in cells):
        assert all(shown == n for n, shown in cells), "nothing is withheld unnecessarily"
    lines = [*kept, *(zip(*kept, strict=True) if len(kept) > 1 else ())]
    assert not [line for line in lines if sum(shown is None for shown in line) == 1]


def read_sheet(site, region):
    book = load_workbook(io.BytesIO(site.get(f"/overview.xlsx?region={region}").content))
    rows = list(book.active.iter_rows(values_only=True))
    return rows[0][0], {row[0]: row[3:] for row in rows[2:]}


def test_a_workbook_withholds_small_counts_only_for_villages(site):
    site.sign_in("county")
    village = site.world.villages[0]
    county, town = village[:6], village[:9]
    notice, rows = read_sheet(site, county)
    assert "*" not in [cell for row in rows.values() for cell in row]
    assert "少于" not in notice
    notice, rows = read_sheet(site, town)
    assert "少于 5 户" in notice
    assert "*" not in rows[town]
    villages = [row for code, row in rows.items() if len(code) == 12]
    assert len(villages) == 2
    assert any("*" in row for row in villages)
    assert not [cell for row in villages for cell in row if cell != "*" and 0 < cell < 5]
    _, alone = read_sheet(site, village)
    assert "*" in alone[village]


def test_the_screen_shows_exact_counts_even_to_a_village_account(site, make_site):
    site.sign_in("village")
    page = site.get("/overview").text
    count = site.rows(
        "SELECT count(*) FROM current_scores WHERE signal = 2 AND order_section = 0 AND region_code = :v",
        v=site.world.villages[0],
    )[0][0]
    shown = re.search(r'class="signal orange".*?<td class="n">(.*?)</td>', page, re.DOTALL)[1]
    shown = re.sub("</?a.*?>", "", shown)
    assert shown in (str(count), f'<span class="screen">{count}</span><span class="paper">*</span>')
    assert "只供屏幕查看" in page
    plain = make_site(small_count=0)
    plain.sign_in("village")
    assert 'class="paper"' not in plain.get("/overview").text
    assert "*" not in read_sheet(plain, "")[1][plain.world.villages[0]]
