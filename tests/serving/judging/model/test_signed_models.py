"""The service takes only bundles that a trusted key signed, from a folder, the registry and its own copies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from riskml import tracking
from riskml.errors import BundleError
from riskml.model import Bundle
from riskml.model.bundle_files import MANIFEST, SIGNATURE, write_signature
from riskml_serving.base.database import reading
from riskml_serving.base.settings import PREFIX, Settings
from riskml_serving.judging.model import Holder, Keeper
from riskml_serving.people.audit.tables import AUDIT


def sign(path, key=None):
    write_signature(path, (path / MANIFEST).read_bytes(), key or Ed25519PrivateKey.generate())


def reseal(path):
    """Change the model, with hashes and a seal that fit, and leave the signature as it was."""
    signature = (path / SIGNATURE).read_bytes()
    Bundle.load(path).with_report({"altered": True}, lambda _: "").save(path)
    (path / SIGNATURE).write_bytes(signature)


HARMS = {
    "resealed": (reseal, "do not belong together"),
    "unsigned": (lambda path: (path / SIGNATURE).unlink(), "is not signed"),
    "signed with a foreign key": (sign, "which is not trusted"),
}


@pytest.fixture
def offered(bundle_path, tmp_path):
    return shutil.copytree(bundle_path, tmp_path / "offered")


@pytest.fixture
def start(engine, offered, tmp_path, monkeypatch):
    """Return a function that starts a model keeper, as a worker of the service does."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")

    def begin(**settings):
        own = {"database_url": engine.url.render_as_string(False), "bundle": offered, "model_store": tmp_path / "store"}
        keeper = Keeper(engine, holder := Holder(), Settings(**{**own, **settings}))
        keeper.start()
        return keeper, holder

    return begin


def read_audit(engine):
    with reading(engine) as connection:
        rows = connection.execute(select(AUDIT.c.action, AUDIT.c.detail).order_by(AUDIT.c.seq)).all()
    return [(row.action, json.loads(row.detail)) for row in rows]


@pytest.mark.parametrize("source", ["folder", "registry"])
@pytest.mark.parametrize("harm", HARMS)
def test_a_bundle_that_no_trusted_key_signed_never_gets_into_service(
    start, engine, offered, bundle_path, tmp_path, sign_bundle, harm, source
):
    """It is refused at the start and while a model is in service; the refusal is audited once."""
    change, words = HARMS[harm]
    bad = shutil.copytree(bundle_path, tmp_path / "bad")
    change(bad)

    def offer(bundle):
        if source == "registry":
            tracking.set_champion(tracking.log_run(bundle, {}, {}))
        else:
            shutil.rmtree(offered)
            shutil.copytree(bundle, offered)

    offer(bad)
    keeper, holder = start(model_source=source)
    assert holder.version is None
    assert words in keeper.failure.message
    offer(bundle_path)
    keeper.refresh()
    served = holder.current
    assert (served.bundle.signer, keeper.failure) == (sign_bundle.public_key, None)
    offer(bad)
    keeper.refresh()
    keeper.refresh()
    assert holder.current is served
    assert words in keeper.failure.message
    actions = read_audit(engine)
    assert [action for action, _ in actions].count("model.serve") == 1
    (detail,) = [detail for action, detail in actions if action == "model.serve"]
    assert (detail["signed_by"], detail["model"]) == (sign_bundle.public_key, served.version)
    assert 1 <= len([1 for action, _ in actions if action == "model.refused"]) <= 2


def test_a_copy_in_the_store_is_verified_like_any_bundle(start, offered, tmp_path):
    version = start()[1].version
    shutil.rmtree(offered)
    assert start()[1].version == version, "the copy keeps its signature"
    (tmp_path / "store" / version / SIGNATURE).unlink()
    keeper, holder = start()
    assert holder.version is None
    assert "is not signed" in keeper.failure.message


def test_after_a_change_of_keys_the_copy_has_the_new_signature(start, offered):
    key = Ed25519PrivateKey.generate()
    start()
    sign(offered, key)
    own = {"trusted_keys": [key.public_key().public_bytes_raw().hex()]}
    version = start(**own)[1].version
    shutil.rmtree(offered)
    assert start(**own)[1].version == version


def test_only_the_released_bundle_is_trusted_by_default():
    (key,) = Settings.model_fields["trusted_keys"].default
    released = next((Path(__file__).parents[4] / "models").glob("*/manifest.json")).parent
    assert Bundle.load(released, [key]).signer == key, "`make bundle` trains and signs it"


def test_readiness_and_metrics_name_the_key(make_client, key, sign_bundle):
    client = make_client()
    assert client.get("/readyz").json()["model"]["signed_by"] == sign_bundle.public_key
    assert f'signed_by="{sign_bundle.public_key}"' in client.get("/metrics", headers=key("", "admin")).text


def test_imports_take_no_bundle_that_the_service_would_refuse(offered, database_url, small_county, monkeypatch):
    from typer.testing import CliRunner

    from riskml_serving.commands.cli import app

    (offered / SIGNATURE).unlink()
    monkeypatch.setenv(f"{PREFIX}SIMULATED", "true")
    words = ["import", str(small_county), "--bundle", str(offered), "--db", database_url]
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, BundleError)
    assert "is not signed" in str(result.exception)
