"""Pages are small and quick, measured by the command's own means on a service in a process of its own."""

from __future__ import annotations

from riskml.training.progress import Silent
from riskml_serving.demo.accounts import Account
from riskml_serving.page_times import measure


def test_pages_are_measured_by_role_and_stay_under_a_hundred_kilobytes(make_settings, world, bundle_path):
    settings = make_settings()
    accounts = [Account("county", "a sentence of words", "county", world.regions["county"], True)]
    found = measure(settings, accounts, bundle_path, 1, Silent())
    assert [(one.role, one.page) for one in found] == [
        ("county", page) for page in ("worklist", "household", "overview", "model")
    ]
    for one in found:
        assert one.n >= 4
        assert 0 < one.p50_ms <= one.p95_ms
        assert 10_000 < one.most_bytes < 100_000, one.page
