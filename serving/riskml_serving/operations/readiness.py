"""Reports whether the service can respond and, if not, why. It reports no personal data, so probes need no key."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from riskml_serving.base.clock import now, stamp
from riskml_serving.base.database import reading
from riskml_serving.base.database.migrate import find_latest_revision, probe_write, read_revision
from riskml_serving.base.errors import is_disk_full
from riskml_serving.judging.model import Holder, Keeper
from riskml_serving.operations import repository
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.repository import list_key_ids

_FOLDERS = re.compile(r"(?:[A-Za-z]:)?[/\\]\S*[/\\]")


def check_readiness(
    engine: Engine, holder: Holder, keeper: Keeper, identity: IdentityKeys | None, stale_days: int
) -> tuple[bool, dict[str, Any]]:
    """Return whether the service can respond to requests, and the content for ``/readyz``.

    Old data, a refused release and a missing identity key are reported, but the service stays ready: it still has a
    model and data.
    """
    database, data, used = _check_database(engine, stale_days)
    model = _check_model(holder, keeper)
    ready = bool(database["ok"] and model["ok"])
    state = {"status": "ready" if ready else "not ready", "database": database, "model": model, "data": data}
    return ready, {
        **state,
        "identity": "off" if identity is None else "on",
        "identity_keys_missing": sorted(used - set(identity.ids if identity else ())),
    }


def _check_database(engine: Engine, stale_days: int) -> tuple[dict[str, Any], dict[str, Any] | None, set[str]]:
    """Check the database; return its state, that of the data, and the ids of the keys that encrypted persons."""
    try:
        revision = read_revision(engine)
        if revision != (needed := find_latest_revision()):
            outdated = {"ok": False, "revision": revision, "needed": needed, "hint": "riskml-serving db upgrade"}
            return outdated, None, set()
        with reading(engine) as connection:
            received = max(repository.read_last_received(connection).values(), default=None)
            scored = repository.read_last_scored(connection)
            used = set(list_key_ids(connection))
        probe_write(engine)
    except SQLAlchemyError as error:
        return {"ok": False, "error": "disk full" if is_disk_full(error) else type(error).__name__}, None, set()
    days = None if received is None else max(0, (now() - received).days)
    return (
        {"ok": True, "revision": revision},
        {
            "last_received": None if received is None else stamp(received),
            "days_since": days,
            "stale": days is not None and days > stale_days,
            "last_scored": None if scored is None else stamp(scored),
        },
        used,
    )


def _check_model(holder: Holder, keeper: Keeper) -> dict[str, Any]:
    failure = keeper.failure
    state: dict[str, Any] = {"ok": holder.version is not None, "version": holder.version, "last_error": None}
    if holder.version is not None:
        model = holder.current
        state["loaded_at"] = stamp(model.loaded_at)
        state["signed_by"] = model.bundle.signer
        state["notice"] = (model.notice or {}).get("en")
        state["trained_to"] = model.bundle.manifest["split"].get("train_to")
    if failure is not None:
        message = _FOLDERS.sub("…/", failure.message)
        state["last_error"] = {"at": stamp(failure.at), "kind": failure.kind, "message": message}
    return state
