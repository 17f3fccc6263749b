"""The model bundle: text and JSON files listed in a manifest and verified in full each time they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from riskml.errors import BundleError
from riskml.features.matrix import FeatureColumn, FeatureMatrix
from riskml.model.baselines import Baselines
from riskml.model.blend import Blend, Weights
from riskml.model.bundle_files import (
    CARD,
    MANIFEST,
    RESTORE_HINT,
    SEAL,
    SIGNATURE,
    decode_json,
    encode_json,
    hash_sha256,
    make_seal,
    read_folder,
    read_signer,
    to_plain,
    write_folder,
)
from riskml.model.calibration import Calibration
from riskml.model.golden import check_golden, make_golden_cases
from riskml.model.linear import Linear
from riskml.model.reference import build_reference
from riskml.model.schema import FloatArray, Schema
from riskml.model.trees import Trees
from riskml.splits import Settings

FORMAT = 1
"""Version of the bundle's file format."""

TRAINED_ON = ("real", "simulated")
"""What ``trained_on`` in the manifest can say about the county whose records the model was trained on."""

LIBRARIES = ("lightgbm", "numpy", "scipy")


@dataclass(frozen=True)
class Bundle:
    """A model and everything needed to score, replay and evaluate with it, but no data on individual households.

    Parameters
    ----------
    blend : Blend
    baselines : Baselines
    evaluation : dict
        Content of ``evaluation.json``.
    thresholds : dict
        Lowest probability of each tier.
    reference : dict or None
        Aggregates of the training rows.
    manifest : dict
        Versions, data fingerprint, split, settings, schema, whether the county was simulated, whether the model was
        refitted, and the SHA-256 hash of every file except the manifest, its seal and its signature.
    files : dict of str to bytes
        Content of every file, by name.
    """

    blend: Blend
    baselines: Baselines
    evaluation: dict[str, Any]
    thresholds: dict[str, Any]
    reference: dict[str, Any] | None
    manifest: dict[str, Any]
    files: dict[str, bytes] = field(repr=False)

    @classmethod
    def build(
        cls,
        blend: Blend,
        baselines: Baselines,
        training: FeatureMatrix,
        *,
        evaluation: Mapping[str, Any],
        settings: Mapping[str, Any],
        split: Mapping[str, Any],
        data: Mapping[str, Any],
        simulated: bool,
        policy_version: str,
        thresholds: Mapping[str, Any] | None = None,
        refit: bool = False,
    ) -> Bundle:
        """Build a bundle in memory; the same input gives the same bytes.

        Parameters
        ----------
        blend, baselines
            Both must be fitted on the same schema.
        training : FeatureMatrix
            Rows on which the blend was fitted; the bundle contains only rounded aggregates of them.
        evaluation, settings, split, data : mapping
            JSON values. ``settings`` holds the fields of :class:`Settings` except the test start and the number of
            origins; ``data`` holds the fingerprint of the records, the number of households and, if they are a sample,
            of how many (``sampled_from``).
        simulated : bool
            Whether the model was trained on a simulated county.
        policy_version : str
        thresholds : mapping, optional
        refit : bool, default False
            Whether the model was refitted on all labelled as-of dates.
        """
        reference = build_reference(training, blend.predict_probability(training))
        content = {
            "trees.txt": blend.trees.text.encode(),
            "linear.json": encode_json(blend.linear.to_json()),
            "blend.json": encode_json(
                {
                    "weights": vars(blend.weights),
                    "calibration": vars(blend.calibration),
                    "choice": blend.choice,
                    "thresholds": thresholds or {},
                }
            ),
            "baselines.json": encode_json(baselines.to_json()),
            "evaluation.json": encode_json(evaluation),
            "golden.json": encode_json(make_golden_cases(blend, blend.schema.align(training))),
            "reference.json": encode_json(reference),
        }
        manifest = to_plain(
            {
                "format": FORMAT,
                "riskml": version("riskml"),
                "libraries": {name: version(name) for name in LIBRARIES},
                "data": data,
                "trained_on": TRAINED_ON[simulated],
                "split": split,
                "settings": settings,
                "schema": blend.schema.to_json(),
                "schema_hash": blend.schema.hash,
                "policy_version": policy_version,
                "refit": refit,
            }
        )
        return _assemble(_seal_content(content, manifest))

    def with_report(self, report: Mapping[str, Any], card: Callable[[Bundle], str]) -> Bundle:
        """Return the bundle with its report data and its model card.

        Parameters
        ----------
        report : mapping
            Content of ``report.json``: the aggregates that the report shows in addition to the evaluation.
        card : callable
            Function that writes the card of a bundle. The model version that the card states does not depend on the
            card itself.
        """
        content = {name: text for name, text in self.files.items() if name not in (MANIFEST, SEAL, SIGNATURE, CARD)}
        content["report.json"] = encode_json(report)
        reported = _assemble(_seal_content(content, self.manifest))
        return _assemble(_seal_content({**content, CARD: card(reported).encode()}, self.manifest))

    @classmethod
    def load(cls, path: str | Path, trusted: Collection[str] | None = None) -> Bundle:
        """Read and verify a bundle.

        Parameters
        ----------
        path : path
        trusted : collection of str, optional
            Public keys, one of which must have signed the bundle; by default, any key may have, or none.

        Raises
        ------
        BundleError
            If a file is missing, unexpected or altered, if no trusted key signed the bundle, if the format or the
            schema does not match, or if a golden case gets a different score. The message says what to do.
        """
        return _assemble(read_folder(Path(path), trusted))

    def save(self, path: str | Path) -> Path:
        """Write the bundle to a folder in one step.

        Raises
        ------
        BundleError
            If the path holds something that is not a bundle, or cannot be written.
        """
        write_folder(Path(path), self.files)
        return Path(path)

    @property
    def model_version(self) -> str:
        """Version of the model, derived from its content."""
        return str(self.manifest["model_version"])

    @cached_property
    def signer(self) -> str | None:
        """Public key that signed the bundle; None if it is not signed."""
        return read_signer(self.files)

    @property
    def simulated(self) -> bool:
        """Whether the model was trained on a simulated county."""
        return bool(self.manifest["trained_on"] == TRAINED_ON[True])

    @property
    def report(self) -> dict[str, Any]:
        """Data for the report; empty if the bundle was made without it."""
        return decode_json(self.files, "report.json") if "report.json" in self.files else {}

    @property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """Features of the model, in order."""
        return self.blend.schema.columns

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Levels of the categorical features."""
        return self.blend.schema.levels

    @cached_property
    def settings(self) -> Settings:
        """Settings with which the model was trained; the test start and the number of origins have their defaults."""
        return Settings(**self.manifest["settings"])

    @property
    def policy_version(self) -> str:
        """Version of the policy table with which the model was evaluated."""
        return str(self.manifest["policy_version"])

    def predict_margin(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Predict the log odds before calibration, shape (n,)."""
        return self.blend.predict_margin(X)

    def predict_probability(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Predict the calibrated probability, shape (n,)."""
        return self.blend.predict_probability(X)

    def find_differences(self, other: Bundle) -> list[str]:
        """List the reasons why two bundles were not evaluated on the same test rows.

        Returns
        -------
        list of str
            Which of ``data``, ``split`` and ``settings`` differ; empty if the evaluations can be compared.
        """
        return [name for name in ("data", "split", "settings") if self.manifest[name] != other.manifest[name]]


def _seal_content(content: Mapping[str, bytes], manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Add the manifest that lists the files, and its seal."""
    hashes = {name: hash_sha256(text) for name, text in sorted(content.items())}
    listing = {**manifest, "files": hashes}
    text = encode_json({**listing, "model_version": _derive_version(listing)})
    return {**content, MANIFEST: text, SEAL: make_seal(text)}


def _derive_version(manifest: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in manifest.items() if name != "model_version"}
    rest["files"] = {name: value for name, value in manifest["files"].items() if name != CARD}
    return f"riskml-{hash_sha256(encode_json(rest))[:12]}"


def _assemble(files: dict[str, bytes]) -> Bundle:
    """Build a bundle from files whose hashes are right; check its format, version, schema and golden cases."""
    manifest = decode_json(files, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise BundleError(
            "{manifest} has format {format!r}; this riskml {version} reads format {expected}.",
            "Use riskml {other}, or train the model again.",
            manifest=MANIFEST,
            format=manifest.get("format"),
            version=version("riskml"),
            expected=FORMAT,
            other=manifest.get("riskml"),
        )
    if manifest.get("model_version") != _derive_version(manifest):
        raise BundleError(
            "{manifest} was altered: the model version does not match its content.", RESTORE_HINT, manifest=MANIFEST
        )
    name = MANIFEST
    try:
        schema = Schema.from_json(manifest["schema"])
        if schema.hash != manifest["schema_hash"]:
            raise BundleError(
                "The feature schema in {manifest} does not match its hash.", RESTORE_HINT, manifest=MANIFEST
            )
        TRAINED_ON.index(manifest["trained_on"])  # raises an error if the value is unknown
        name = "linear.json"
        linear = Linear.from_json(schema, decode_json(files, name))
        name = "trees.txt"
        trees = Trees(files[name].decode())
        name = "blend.json"
        parts = decode_json(files, name)
        blend = Blend(
            schema, linear, trees, Weights(**parts["weights"]), Calibration(**parts["calibration"]), parts["choice"]
        )
        name = "baselines.json"
        baselines = Baselines.from_json(schema, decode_json(files, name))
        name = "golden.json"
        check_golden(blend, decode_json(files, name))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BundleError(
            "{name} of the bundle is malformed: {reason!r}.", RESTORE_HINT, name=name, reason=error
        ) from error
    reference = decode_json(files, "reference.json") if "reference.json" in files else None
    evaluation = decode_json(files, "evaluation.json")
    return Bundle(blend, baselines, evaluation, parts["thresholds"], reference, manifest, files)
