"""The artefact's format, which builds for CPU and CUDA share, and what of it is refused."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from smcontract.failure import ContractError
from tests.demand import DOCUMENT, panel_series
from train_deepar.artefact import load_artefact, read_weights
from train_deepar.forecaster import Forecaster


@pytest.fixture
def folder(deepar_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(deepar_folder, tmp_path / "model"))


def test_weights_are_plain_tensors_on_the_cpu_and_nothing_in_them_is_code(deepar_folder: Path) -> None:
    """What torch.load reads with weights_only=True, whatever PyTorch it is and wherever it was saved."""
    found = torch.load(deepar_folder / "weights.pt", weights_only=True, map_location="cpu")

    assert isinstance(found, list)
    for weights in found:
        assert {(type(tensor), tensor.device.type) for tensor in weights.values()} == {(torch.Tensor, "cpu")}
        assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


def test_weights_that_were_saved_from_a_gpu_are_read_on_the_cpu(folder: Path) -> None:
    """The file names the device of each storage; it is rewritten here to what CUDA would have named."""
    path = folder / "weights.pt"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    pickled = next(name for name in entries if name.endswith("data.pkl"))
    assert b"X\x03\x00\x00\x00cpu" in entries[pickled]
    entries[pickled] = entries[pickled].replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)

    for weights in read_weights(path):
        assert {tensor.device.type for tensor in weights.values()} == {"cpu"}


def test_a_model_that_was_saved_is_the_one_that_is_loaded(deepar_folder: Path) -> None:
    artefact = load_artefact(deepar_folder)

    assert json.loads(artefact.panel.content) == DOCUMENT
    assert [each.item_id for each in artefact.history] == [each.item_id for each in panel_series()]
    assert len(Forecaster.of(artefact).networks) == len(artefact.weights)


@pytest.mark.parametrize("name", ["weights.pt", "panel.json", "history.jsonl.gz"])
def test_a_file_that_is_missing_or_another_is_told(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"another")
    with pytest.raises(ContractError, match=f"{name} is not the file that was saved"):
        load_artefact(folder)

    (folder / name).unlink()
    with pytest.raises(ContractError, match=f"{name} is missing though the manifest lists it"):
        load_artefact(folder)


def test_what_is_no_model_or_of_another_version_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"manifest.json is missing \(found: nothing\)"):
        load_artefact(tmp_path / "nowhere")

    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format_version": 2}))
    with pytest.raises(ContractError, match="format_version 2, this image reads 1"):
        load_artefact(folder)

    (folder / "manifest.json").write_text("{")
    with pytest.raises(ContractError, match=r"manifest.json is not valid JSON"):
        load_artefact(folder)


def test_weights_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"no weights")

    with pytest.raises(ContractError, match=r"weights.pt cannot be read as weights"):
        read_weights(tmp_path / "weights.pt")
