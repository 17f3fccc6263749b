"""A worker of the service leaves its modules out of the search for garbage, which would hold up every request."""

from __future__ import annotations

import gc

from riskml_serving.running.server import build_application


def test_a_worker_does_not_look_for_garbage_among_its_modules(tmp_path, monkeypatch):
    monkeypatch.setenv("RISKML_SERVING_DATABASE_URL", f"sqlite:///{tmp_path / 'service.db'}")
    monkeypatch.setattr("riskml_serving.operations.logs.log_to", lambda **_: None)
    gc.unfreeze()  # tests leave them out too
    build_application().state.engine.dispose()
    assert gc.get_freeze_count() > 100_000
