"""What a training job is told: hyperparameters, channels, hosts."""

import json
from dataclasses import dataclass
from pathlib import Path

from smcontract.configuration import ResourceConfig, read_json_object, read_resource_config_file
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot


@dataclass(frozen=True, slots=True)
class Channel:
    """One named input of a training job and the folder it lies in."""

    name: str
    path: Path
    content_type: str | None = None
    input_mode: str = "File"


def decoded_hyperparameter(text: str) -> object:
    """A hyperparameter's value, decoded where it is JSON and raw where it is not.

    The service hands every value over as a string. The Python SDK encodes each
    as JSON, so that a string arrives in quotes; the console and boto3 do not.
    """
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_hyperparameters(root: ContainerRoot) -> dict[str, object]:
    """The hyperparameters by name, decoded; empty when the job has none.

    Raises ContractError when the file is not a JSON object.
    """
    document = read_json_object(root.hyperparameters_file)
    return {
        name: decoded_hyperparameter(value) if isinstance(value, str) else value
        for name, value in document.items()
    }


def read_channels(root: ContainerRoot) -> dict[str, Channel]:
    """The channels by name, as inputdataconfig.json lists them.

    Where that file is missing, the folders found stand in for it: plain
    `docker run` with a prepared folder has no configuration.
    Raises ContractError when the file is not a JSON object of objects.
    """
    document = read_json_object(root.input_data_config_file)
    if not document:
        data = root.path / "input" / "data"
        folders = sorted(path for path in data.iterdir() if path.is_dir()) if data.is_dir() else []
        return {folder.name: Channel(name=folder.name, path=folder) for folder in folders}
    return {name: _channel(root, name, settings) for name, settings in document.items()}


def _channel(root: ContainerRoot, name: str, settings: object) -> Channel:
    if not isinstance(settings, dict):
        raise ContractError(f"{root.input_data_config_file}: channel '{name}' must be a JSON object.")
    content_type = settings.get("ContentType")
    return Channel(
        name=name,
        path=root.channel(name),
        content_type=content_type if isinstance(content_type, str) else None,
        input_mode=str(settings.get("TrainingInputMode") or "File"),
    )


def read_resource_config(root: ContainerRoot) -> ResourceConfig:
    """The hosts of this training job; a single one where nothing is said."""
    return read_resource_config_file(root.training_resource_config_file)
