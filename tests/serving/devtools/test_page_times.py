"""Pages are small and quick, measured by the command's own means on a service in a process of its own."""

from __future__ import annotations

from dataclasses import replace

from riskml.progress import Silent
from riskml_serving.commands.demo.accounts import Account
from riskml_serving.devtools.page_times import MAX_BYTES, MAX_P95_MS, PageTiming, measure_pages


def test_pages_are_measured_by_role_and_are_small_and_quick(make_settings, world):
    settings = make_settings()
    accounts = [Account("county", "a sentence of words", "county", world.regions["county"], True)]
    found = measure_pages(settings, accounts, 1, Silent())
    assert [(one.role, one.page) for one in found] == [
        ("county", page) for page in ("worklist", "household", "overview", "model")
    ]
    for one in found:
        assert one.n >= 4
        assert 0 < one.p50_ms <= one.p95_ms < 4 * MAX_P95_MS, "room for a machine that does other work"
        assert one.p50_ms < MAX_P95_MS, one.page
        assert 10_000 < one.max_bytes < MAX_BYTES, one.page


def test_a_page_over_either_target_is_told_as_such():
    kept = PageTiming("county", "worklist", 4, 10.0, MAX_P95_MS - 0.1, MAX_BYTES - 1)
    assert kept.meets_targets
    assert not replace(kept, p95_ms=float(MAX_P95_MS)).meets_targets
    assert not replace(kept, max_bytes=MAX_BYTES).meets_targets
