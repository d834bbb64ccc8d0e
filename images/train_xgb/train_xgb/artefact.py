"""The model artefact: what training leaves, serving and evaluation open."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

from train_xgb import libxgboost
from train_xgb.encoding import Encoder, parse_encoder
from train_xgb.libxgboost import Booster, LibraryError
from train_xgb.pca import Pca, parse_pca

if TYPE_CHECKING:
    from xgboost import Booster as TrainedBooster

FORMAT_VERSION = 1
MODEL_FILE = "model.ubj"
ENCODER_FILE = "encoder.json"
PCA_FILE = "pca.json"
MANIFEST_FILE = "manifest.json"
ARTEFACT_FILES = (MODEL_FILE, ENCODER_FILE, PCA_FILE, MANIFEST_FILE)


@dataclass(frozen=True, slots=True)
class Contributions:
    """What each named feature adds to the log-odds of each row: values [rows, names], base [rows]."""

    names: tuple[str, ...]
    values: npt.NDArray[np.float32]
    base: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model with everything needed to answer for encoded rows."""

    booster: Booster
    encoder: Encoder
    # The sha256 of encoder.json, in hex: preprocessing, and who encodes rows elsewhere, name it so.
    encoder_digest: str
    pca: Pca | None
    manifest: Mapping[str, object]
    decision_threshold: float

    def probabilities(self, encoded: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The probability of the positive label for each encoded row.

        A row's answer does not depend on the rows beside it.
        """
        return self.booster.predict(self._inputs(encoded))

    def contributions(self, encoded: npt.NDArray[np.float32]) -> Contributions:
        """What each raw feature adds to the log-odds of each encoded row, as SHAP values.

        The columns of a categorical feature are added up. A model on principal
        components knows only those, so theirs are given.
        """
        columns = self.booster.contributions(self._inputs(encoded))
        base = columns[:, -1].copy()
        if self.pca is not None:
            return Contributions(tuple(self.pca.names), columns[:, :-1].copy(), base)
        split = len(self.encoder.numeric)
        starts = [*range(split), *accumulate((f.width for f in self.encoder.categorical[:-1]), initial=split)]
        starts = starts if self.encoder.categorical else starts[:-1]
        added = np.add.reduceat(columns[:, :-1].astype(np.float64), starts, axis=1)
        return Contributions(self.encoder.names, added.astype(np.float32), base)

    def with_text_as_missing(self) -> "Model":
        """The same model; text where a number belongs counts as a missing number.

        Raises ContractError for a model on principal components, which knows no missing numbers.
        """
        if self.pca is not None:
            raise ContractError(
                "UNREADABLE_NUMBERS=missing: a model on principal components takes no missing numbers; "
                "set it to refuse, or train without pca_components."
            )
        return replace(self, encoder=self.encoder.with_text_as_missing())

    def _inputs(self, encoded: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return encoded if self.pca is None else self.pca.apply(encoded)


def save_artefact(
    folder: Path,
    booster: "TrainedBooster",
    encoder_bytes: bytes,
    pca: Pca | None,
    manifest: Mapping[str, object],
) -> None:
    """Write the artefact into `folder`: all of it, or nothing.

    The manifest comes last and holds the digests of the others, so a folder
    without one, or with one that does not match, is no model.
    """
    files: dict[str, bytes] = {
        MODEL_FILE: bytes(booster.save_raw(raw_format="ubj")),
        ENCODER_FILE: encoder_bytes,
    }
    if pca is not None:
        files[PCA_FILE] = _json_bytes(pca.as_document())
    document = {
        "format_version": FORMAT_VERSION,
        "xgboost_version": libxgboost.version(),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
        },
        **manifest,
    }
    files[MANIFEST_FILE] = _json_bytes(document)
    _write_all(folder, files)


def _json_bytes(document: object) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write every file under a passing name first, then rename each in order."""
    folder.mkdir(parents=True, exist_ok=True)
    # The folder is a mount of its own, so it cannot be swapped as a whole.
    passing = {name: folder / f".{name}.part" for name in files}
    try:
        for name, content in files.items():
            with passing[name].open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for name, path in passing.items():
            path.replace(folder / name)
    except OSError as error:
        for path in passing.values():
            path.unlink(missing_ok=True)
        # A failed write() does not say which file it was for.
        raise OSError(error.errno, error.strerror, error.filename or str(folder)) from error


def load_artefact(folder: Path, nthread: int) -> Model:
    """The model in `folder`, ready to predict with `nthread` threads.

    Raises ContractError when a file is missing or damaged, or when another
    version of this image's format or of XGBoost wrote it.
    """
    manifest = _read_manifest(folder)
    _check_versions(folder, manifest)
    contents = _read_files(folder, manifest)
    encoder = parse_encoder(contents[ENCODER_FILE], str(folder / ENCODER_FILE))
    pca = parse_pca(contents[PCA_FILE]) if PCA_FILE in contents else None
    if pca is not None:
        encoder = encoder.without_empty_numbers()
    try:
        booster = Booster(contents[MODEL_FILE], nthread)
    except LibraryError as error:
        raise ContractError(f"{folder / MODEL_FILE} cannot be read: {error}.") from error
    expected = len(encoder.encoded_names) if pca is None else pca.component_count
    if booster.num_features() != expected:
        raise ContractError(
            f"{folder / MODEL_FILE} takes {booster.num_features()} columns but its encoder gives {expected}; "
            "train again."
        )
    threshold = manifest.get("decision_threshold")
    if not isinstance(threshold, float):
        raise ContractError(f"{folder / MANIFEST_FILE} lacks 'decision_threshold'; train again.")
    digest = hashlib.sha256(contents[ENCODER_FILE]).hexdigest()
    return Model(booster, encoder, digest, pca, manifest, threshold)


def _read_manifest(folder: Path) -> dict[str, object]:
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        found = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        raise ContractError(
            f"{path} is missing (found: {', '.join(found) or 'nothing'}); "
            "give the model.tar.gz that this image's train command made."
        ) from error
    except ValueError as error:
        raise ContractError(f"{path} is not valid JSON ({error}); train again.") from error
    if not isinstance(manifest, dict):
        raise ContractError(f"{path} is not a JSON object; train again.")
    return manifest


def _check_versions(folder: Path, manifest: Mapping[str, object]) -> None:
    format_version = manifest.get("format_version")
    if format_version != FORMAT_VERSION:
        raise ContractError(
            f"{folder / MANIFEST_FILE} has format_version {format_version!r}, this image "
            f"reads {FORMAT_VERSION}; use the image that trained the model, or train again."
        )
    version = manifest.get("xgboost_version")
    # Another version may load the file without a word and answer wrongly:
    # 3.4.1's models get another base score in 3.0.5.
    if version != libxgboost.version():
        raise ContractError(
            f"The model was saved by XGBoost {version}, this image has {libxgboost.version()}, "
            "which might load it wrongly; use the image that trained the model, or train again."
        )


def _read_files(folder: Path, manifest: Mapping[str, object]) -> dict[str, bytes]:
    listed = manifest.get("files")
    if not isinstance(listed, dict) or not {MODEL_FILE, ENCODER_FILE} <= set(listed) <= set(ARTEFACT_FILES):
        raise ContractError(f"{folder / MANIFEST_FILE} does not list the files of a model; train again.")
    contents = {}
    for name, facts in listed.items():
        try:
            contents[name] = (folder / name).read_bytes()
        except FileNotFoundError as error:
            raise ContractError(
                f"{folder / name} is missing though the manifest lists it; unpack the whole model.tar.gz."
            ) from error
        if not isinstance(facts, dict) or hashlib.sha256(contents[name]).hexdigest() != facts.get("sha256"):
            raise ContractError(
                f"{folder / name} is not the file that was saved (its sha256 differs from the manifest's); "
                "copy the model again."
            )
    return contents
