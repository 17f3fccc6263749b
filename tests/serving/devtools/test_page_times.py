"""The staff pages are small, and the developer tool can measure their loading times on a service in another process."""

from __future__ import annotations

from dataclasses import replace

from riskml.progress import Silent
from riskml_serving.commands.demo.accounts import Account
from riskml_serving.devtools.page_times import PageTiming, measure_pages
from riskml_serving.web.router import PAGES


def test_pages_are_timed_for_each_role_and_are_small(make_settings, world):
    settings = make_settings()
    accounts = [
        Account(role, "a sentence of words", role, world.regions[role], True, True) for role in ("county", "village")
    ]
    times = measure_pages(settings, accounts, 1, Silent())
    measured = {role: {one.page.name for one in times if one.role == role} for role in ("county", "village")}
    assert measured["county"] == {page.name for page in PAGES if not page.workbook}
    assert measured["county"] - measured["village"] == {"lists", "delivery"}, "what a village may not open"
    for one in times:
        assert one.n >= 4
        assert 0 < one.p50_ms <= one.p95_ms
        assert 10_000 < one.max_bytes < one.page.max_bytes, one.page


def test_a_page_over_either_target_misses_its_targets():
    page = PAGES[0]
    kept = PageTiming("county", page, 4, 10.0, page.max_p95_ms - 0.1, page.max_bytes - 1)
    assert kept.meets_targets
    assert not replace(kept, p95_ms=float(page.max_p95_ms)).meets_targets
    assert not replace(kept, max_bytes=page.max_bytes).meets_targets
