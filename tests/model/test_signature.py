"""A signature shows who vouches for a bundle: none, a wrong one and that of a key that is not trusted are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from riskml.errors import BundleError
from riskml.keys import format_key
from riskml.model import Bundle
from riskml.model.bundle_files import MANIFEST, SEAL, SIGNATURE, encode_json, make_seal, read_signer, write_signature

KEY = Ed25519PrivateKey.generate()
PUBLIC = format_key(KEY.public_key())


def sign(path: Path, key: Ed25519PrivateKey = KEY) -> Path:
    write_signature(path, (path / MANIFEST).read_bytes(), key)
    return path


def reseal(path: Path) -> None:
    """Change the model as anyone who can write to the folder could: the version, the hashes and the seal fit again."""
    shutil.copy(sign(path) / SIGNATURE, path.parent)
    Bundle.load(path).with_report({"altered": True}, lambda _: "").save(path)
    shutil.copy(path.parent / SIGNATURE, path)


HARMS: dict[str, Callable[[Path], object]] = {
    "resealed": reseal,
    "unsigned": lambda path: None,
    "signed with a foreign key": lambda path: sign(path, Ed25519PrivateKey.generate()),
    "the signature cut short": lambda path: (sign(path) / SIGNATURE).write_bytes((path / SIGNATURE).read_bytes()[:-3]),
    "an empty signature": lambda path: (path / SIGNATURE).touch(),
}


@pytest.fixture
def folder(bundle_path: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(bundle_path, tmp_path / "bundle"))
    (copy / SIGNATURE).unlink()
    return copy


def test_a_bundle_that_a_trusted_key_signed_is_loaded_and_names_the_key(folder: Path) -> None:
    assert Bundle.load(folder).signer is None
    sign(folder)
    loaded = Bundle.load(folder, {"0" * 64, PUBLIC})
    assert loaded.signer == PUBLIC
    copied = Bundle.load(loaded.save(folder.parent / "copy"), [PUBLIC])
    assert copied.signer == PUBLIC, "a copy keeps the signature"
    assert copied.with_report({}, lambda _: "").signer is None, "another bundle does not"


@pytest.mark.parametrize("harm", HARMS)
def test_any_other_bundle_is_refused_with_what_to_do_in_both_languages(folder: Path, harm: str) -> None:
    HARMS[harm](folder)
    with pytest.raises(BundleError) as refused:
        Bundle.load(folder, [PUBLIC])
    for lang in ("en", "zh"):
        message, _, hint = refused.value.text.read(lang).partition("\n")
        assert str(folder) in message
        assert hint
    assert "，" in refused.value.text.read("zh")
    if harm in ("resealed", "the signature cut short", "an empty signature"):
        with pytest.raises(BundleError, match=f"{SIGNATURE} in .* do not belong together"):
            Bundle.load(folder)  # nobody takes a signature that is wrong
    else:
        assert "trusted_keys" in refused.value.hint


def test_the_signature_of_something_else_is_not_that_of_a_bundle() -> None:
    manifest = b"{}\n"
    files = {MANIFEST: manifest, SIGNATURE: f"{PUBLIC} {KEY.sign(manifest).hex()}\n".encode()}
    assert read_signer(files) == ""


@given(st.data())
def test_whatever_is_changed_the_key_no_longer_signed_it(data: st.DataObject) -> None:
    manifest = json.dumps({"model": 1}).encode()
    signature = KEY.sign(b"riskml bundle\n" + manifest)
    parts = [manifest, bytes.fromhex(PUBLIC), signature]
    assert read_signer(_pack(*parts)) == PUBLIC
    which = data.draw(st.integers(0, 2))
    flipped = st.integers(0, len(parts[which]) * 8 - 1).map(lambda bit: _flip(parts[which], bit))
    changed = data.draw(st.binary(max_size=80) | flipped)
    if changed != parts[which]:
        parts[which] = changed
        assert read_signer(_pack(*parts)) != PUBLIC


def _pack(manifest: bytes, key: bytes, signature: bytes) -> dict[str, bytes]:
    return {MANIFEST: manifest, SIGNATURE: f"{key.hex()} {signature.hex()}\n".encode()}


def _flip(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(st.binary(max_size=300))
def test_no_content_of_the_signature_file_breaks_the_reader(content: bytes) -> None:
    assert read_signer({MANIFEST: b"{}", SIGNATURE: content}) == ""


def test_the_seal_is_still_verified_when_there_is_a_signature(folder: Path) -> None:
    sign(folder)
    (folder / SEAL).write_bytes(make_seal(encode_json({})))
    with pytest.raises(BundleError, match=f"{SEAL} in"):
        Bundle.load(folder, [PUBLIC])
