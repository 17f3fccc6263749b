"""Pages are small and quick, measured by the command's own means on a service in a process of its own."""

from __future__ import annotations

from dataclasses import replace

from riskml.progress import Silent
from riskml_serving.commands.demo.accounts import Account
from riskml_serving.devtools.page_times import MOST_BYTES, P95_MS, Measured, measure_pages


def test_pages_are_measured_by_role_and_are_small_and_quick(make_settings, world, bundle_path):
    settings = make_settings()
    accounts = [Account("county", "a sentence of words", "county", world.regions["county"], True)]
    found = measure_pages(settings, accounts, bundle_path, 1, Silent())
    assert [(one.role, one.page) for one in found] == [
        ("county", page) for page in ("worklist", "household", "overview", "model")
    ]
    for one in found:
        assert one.n >= 4
        assert 0 < one.p50_ms <= one.p95_ms < 4 * P95_MS, "room for a machine that does other work"
        assert one.p50_ms < P95_MS, one.page
        assert 10_000 < one.most_bytes < MOST_BYTES, one.page


def test_a_page_over_either_target_is_told_as_such():
    kept = Measured("county", "worklist", 4, 10.0, P95_MS - 0.1, MOST_BYTES - 1)
    assert kept.within
    assert not replace(kept, p95_ms=float(P95_MS)).within
    assert not replace(kept, most_bytes=MOST_BYTES).within
