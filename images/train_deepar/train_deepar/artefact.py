"""The model artefact: what training leaves, serving and evaluation open.

Weights are a plain dictionary of tensors on the CPU, so a model that was trained with CUDA loads
without it and the other way round; nothing in it is code.
"""

import hashlib
import io
import json
import os
import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from smcontract.failure import ContractError

from train_deepar.panel import PANEL_FILE, Panel, parse_panel
from train_deepar.series import Series, read_file, write_series

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
WEIGHTS_FILE = "weights.pt"
HISTORY_FILE = "history.jsonl.gz"
ARTEFACT_FILES = (MANIFEST_FILE, PANEL_FILE, WEIGHTS_FILE, HISTORY_FILE)

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Artefact:
    """The files of a model, read and checked; `weights` has one entry for each network of the ensemble."""

    manifest: Mapping[str, Any]
    panel: Panel
    weights: tuple[Weights, ...]
    history: tuple[Series, ...]


def save_artefact(
    folder: Path,
    panel: Panel,
    weights: Sequence[Weights],
    history: Iterable[Series],
    manifest: Mapping[str, object],
) -> None:
    """Write the artefact into `folder`: all of it, or nothing.

    The manifest comes last and holds the digests of the others, so a folder
    without one, or with one that does not match, is no model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The folder is a mount of its own, so it cannot be swapped as a whole.
    passing = {name: folder / f".{name}.part" for name in ARTEFACT_FILES}
    try:
        passing[PANEL_FILE].write_bytes(panel.content)
        passing[WEIGHTS_FILE].write_bytes(_weights_bytes(weights))
        write_series(passing[HISTORY_FILE], history)
        document = {
            "format_version": FORMAT_VERSION,
            "files": {name: _facts(passing[name]) for name in ARTEFACT_FILES if name != MANIFEST_FILE},
            **manifest,
        }
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        passing[MANIFEST_FILE].write_text(text, encoding="utf-8")
        for name in (PANEL_FILE, WEIGHTS_FILE, HISTORY_FILE, MANIFEST_FILE):
            _to_disk(passing[name])
            passing[name].replace(folder / name)
    except OSError as error:
        for path in passing.values():
            path.unlink(missing_ok=True)
        # A failed write() does not say which file it was for.
        raise OSError(error.errno, error.strerror, error.filename or str(folder)) from error


def load_artefact(folder: Path) -> Artefact:
    """The artefact in `folder`.

    Raises ContractError when a file is missing or damaged, or when another
    version of this image's format wrote it.
    """
    manifest = _read_manifest(folder)
    for name, facts in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise ContractError(
                f"{path} is missing though the manifest lists it; unpack the whole model.tar.gz."
            )
        if _facts(path) != facts:
            raise ContractError(
                f"{path} is not the file that was saved (its sha256 differs from the manifest's); "
                "copy the model again."
            )
    panel = parse_panel((folder / PANEL_FILE).read_bytes(), str(folder / PANEL_FILE))
    return Artefact(
        manifest, panel, read_weights(folder / WEIGHTS_FILE), tuple(read_file(folder / HISTORY_FILE, panel))
    )


def read_weights(path: Path) -> tuple[Weights, ...]:
    """The weights in the file at `path`, as tensors on the CPU. Raises ContractError where it has none."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ContractError(f"{path} cannot be read as weights ({error}); train again.") from error
    return tuple(found)


def _weights_bytes(weights: Sequence[Weights]) -> bytes:
    buffer = io.BytesIO()
    torch.save([{name: tensor.detach().cpu() for name, tensor in each.items()} for each in weights], buffer)
    return buffer.getvalue()


def _facts(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _read_manifest(folder: Path) -> dict[str, Any]:
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
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if version != FORMAT_VERSION:
        raise ContractError(
            f"{path} has format_version {version!r}, this image reads {FORMAT_VERSION}; "
            "use the image that trained the model, or train again."
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) != set(ARTEFACT_FILES) - {MANIFEST_FILE}:
        raise ContractError(f"{path} does not list the files of a model; train again.")
    return dict(manifest)
