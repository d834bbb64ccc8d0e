"""/opt/ml as SageMaker prepares it for the jobs of a training image."""

import json
from collections.abc import Mapping
from pathlib import Path


def write_training_files(
    root: Path, channels: Mapping[str, tuple[str, str]], hyperparameters: Mapping[str, str]
) -> Path:
    """Prepare `root` for training: a file's name and text for each channel."""
    for folder in ("input/config", "model", "output"):
        (root / folder).mkdir(parents=True)
    for channel, (name, text) in channels.items():
        (root / "input/data" / channel).mkdir(parents=True)
        (root / "input/data" / channel / name).write_text(text, encoding="utf-8")
    configuration = root / "input/config"
    write_json(
        configuration / "inputdataconfig.json", {name: {"TrainingInputMode": "File"} for name in channels}
    )
    write_json(configuration / "hyperparameters.json", dict(hyperparameters))
    write_json(configuration / "resourceconfig.json", {"current_host": "algo-1", "hosts": ["algo-1"]})
    return root


def write_evaluation_files(root: Path, model: Path, name: str, test: str) -> Path:
    """Prepare `root` for evaluating `model` on the file `name` of the test part."""
    for folder in ("processing/model", "processing/test", "processing/evaluation", "output"):
        (root / folder).mkdir(parents=True)
    for file in model.iterdir():
        (root / "processing/model" / file.name).write_bytes(file.read_bytes())
    (root / "processing/test" / name).write_text(test, encoding="utf-8")
    return root


def write_json(path: Path, document: object) -> None:
    """Replace a file by `document`."""
    path.write_text(json.dumps(document), encoding="utf-8")
