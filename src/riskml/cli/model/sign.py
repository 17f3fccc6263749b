"""``riskml keys create`` and ``riskml sign``: keys that sign model bundles, and their signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import BundleArgument
from riskml.cli.terminal import say


def create(
    file: Annotated[Path, typer.Argument(help="File for the private key; FILE.pub is the public one.")],
) -> None:
    """Create a pair of keys: one signs bundles or the audit log, the other verifies what it signed.

    Keep the private key where neither the service nor its administrators can read it. The service takes bundles that it
    signed if the setting trusted_keys names the public key that is printed.
    """
    from riskml.keys import create_keys, format_key, load_public_key

    public = create_keys(file)
    say("{path} signs, {public} verifies.", path=file, public=public)
    say("Public key for the setting trusted_keys: {key}", key=format_key(load_public_key(public)))


def sign(
    bundle: BundleArgument,
    key: Annotated[Path, typer.Option(help="Private key, as `riskml keys create` writes it.", show_default=False)],
) -> None:
    """Sign a bundle, after verifying it: anyone who trusts the key can see that nothing was changed since.

    The signature is the file manifest.sig; it replaces an earlier one.
    """
    from riskml.keys import load_private_key
    from riskml.model import Bundle
    from riskml.model.bundle_files import MANIFEST, write_signature

    signer, loaded = load_private_key(key), Bundle.load(bundle)
    public = write_signature(bundle, loaded.files[MANIFEST], signer)
    say("{model} is signed with the key {key}.", model=loaded.model_version, key=public)
