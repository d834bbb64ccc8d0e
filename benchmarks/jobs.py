"""The images' jobs under plain `docker run`, as SageMaker starts them, timed by the engine."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from orchestration.containers import seconds_between
from orchestration.schema import schema_body
from orchestration.tabular_project import TabularProject
from scripts.commands import SetupError

LABEL = "slipway=1"


@dataclass(frozen=True, slots=True)
class Ended:
    """A container that is over; `seconds` from its start to its exit."""

    seconds: float
    log: str


class JobError(Exception):
    """A container failed; the message is its log's end."""


def docker(*arguments: str) -> str:
    """What the client answers. Raises SetupError with its own words."""
    answer = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    if answer.returncode != 0:
        raise SetupError(f"docker {arguments[0]} failed: {answer.stderr.strip()}")
    return answer.stdout


def docker_run(
    image: str,
    command: Sequence[str],
    root: Path,
    entrypoint: str | None = None,
    options: Sequence[str] = (),
) -> Ended:
    """Run `image` with `root` at /opt/ml to its end. Raises JobError where it fails."""
    name = f"slipway-bench-{uuid4().hex[:12]}"
    options = [*options, *(["--entrypoint", entrypoint] if entrypoint else [])]
    try:
        answer = subprocess.run(
            [
                *("docker", "run", "--name", name, "--label", LABEL),
                *("--volume", f"{root}:/opt/ml", *options, image, *command),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        if answer.returncode != 0:
            raise JobError(f"{image} {' '.join(command)[:60]}: {answer.stderr[-1500:]}")
        state = json.loads(docker("inspect", "--format", "{{json .State}}", name))
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=False, capture_output=True)
    return Ended(seconds_between(state["StartedAt"], state["FinishedAt"]), answer.stdout + answer.stderr)


# What a tabular model learns from, by the outputs of preprocess.
CHANNELS = {"train": "train", "validation": "validation", "encoder": "encoder"}


def prepare_preprocess(data: Path, schema: bytes, root: Path) -> Path:
    """Lay out `root` for preprocessing `data`; the folder of inputs."""
    inputs = root / "processing" / "input"
    (inputs / "data").mkdir(parents=True)
    (inputs / "schema").mkdir()
    shutil.copy(data, inputs / "data")
    (inputs / "schema" / "schema.json").write_bytes(schema)
    return inputs


def preprocess(image: str, project: TabularProject, data: Path, seed: int, root: Path) -> Ended:
    """Preprocess `data` under `root`, split by `seed` as the project's pipeline splits."""
    prepare_preprocess(data, schema_body(project), root)
    split = project.split
    arguments = {
        "--seed": seed,
        "--live-seed": split.live_seed,
        "--live-fraction": split.live_fraction,
        "--test-fraction": split.test_fraction,
        "--validation-fraction": split.validation_fraction,
    }
    return docker_run(image, [str(word) for pair in arguments.items() for word in pair], root)


def prepare_training(
    hyperparameters: Mapping[str, object],
    preprocessed: Path,
    root: Path,
    channels: Mapping[str, str] = CHANNELS,
) -> None:
    """Lay out `root` for a training job on what preprocessing left: outputs by the names of channels."""
    (root / "input" / "config").mkdir(parents=True)
    (root / "model").mkdir()
    (root / "output").mkdir()
    for channel, output in channels.items():
        source = preprocessed / "processing" / "output" / output
        shutil.copytree(source, root / "input" / "data" / channel)
    texts = {name: str(value) for name, value in hyperparameters.items()}
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(texts), encoding="utf-8")


def evaluation(image: str, preprocessed: Path, trained: Path, root: Path, *arguments: str) -> Path:
    """Evaluate a trained model on the untouched test part; the folder of what that left."""
    shutil.copytree(trained / "model", root / "processing" / "model")
    shutil.copytree(preprocessed / "processing" / "output" / "test", root / "processing" / "test")
    folder = root / "processing" / "evaluation"
    folder.mkdir()
    docker_run(image, ["evaluate", *arguments], root)
    return folder


def evaluate(image: str, preprocessed: Path, trained: Path, root: Path) -> dict[str, float]:
    """Accuracy and AUC of a trained model on the untouched test part."""
    folder = evaluation(image, preprocessed, trained, root)
    document = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    metrics = document["binary_classification_metrics"]
    return {name: float(metrics[name]["value"]) for name in ("accuracy", "auc")}
