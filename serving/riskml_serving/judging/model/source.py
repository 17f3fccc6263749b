"""Where the model comes from: a bundle folder, or the alias ``champion`` of the MLflow registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from riskml.errors import BundleError, TrackingError
from riskml.model.bundle_files import SEAL, SIGNATURE
from riskml.tracking import download, find_champion_version
from riskml_serving.base.settings import Settings


@dataclass(frozen=True)
class Offer:
    """The release in the bundle folder, or the registry's champion, before it is loaded.

    Parameters
    ----------
    mark : str
        Text that changes whenever the release is replaced; it can be read without loading the release.
    source : str
        Description of where the release comes from.
    fetch : callable
        Returns the local folder of its bundle.
    """

    mark: str
    source: str
    fetch: Callable[[], Path]


def find_offer(settings: Settings) -> Offer:
    """Find the release that is in the bundle folder now, or is the registry's champion.

    Raises
    ------
    BundleError
        If there is no bundle folder.
    TrackingError
        If the registry does not answer, or nothing has been released.
    """
    if settings.model_source == "registry":
        return _find_champion(settings.model_store)
    folder = settings.bundle_folder
    require_bundle(folder)
    marks = [path.read_text("utf-8", errors="replace") for path in (folder / SEAL, folder / SIGNATURE) if path.exists()]
    return Offer("".join(marks), str(folder), lambda: folder)


def require_bundle(folder: Path) -> None:
    """Check that a folder is a bundle folder.

    Raises
    ------
    BundleError
        If there is no such folder; the hint says what to do.
    """
    if not (folder / SEAL).is_file():
        raise BundleError(
            "There is no model bundle at {folder}.",
            "Train one with `riskml train` and name its folder with --bundle or RISKML_SERVING_BUNDLE, or serve the "
            "registry's champion with RISKML_SERVING_MODEL_SOURCE=registry.",
            folder=folder,
        )


def _find_champion(store: Path) -> Offer:
    version = find_champion_version()
    if version is None:
        raise TrackingError("No model has been released yet.", "`riskml release` makes a model the champion.")

    def fetch() -> Path:
        to = store.absolute() / "downloads" / str(version)
        to.mkdir(parents=True, exist_ok=True)
        return download(version, to)

    return Offer(f"champion {version}", f"registry, version {version}", fetch)
