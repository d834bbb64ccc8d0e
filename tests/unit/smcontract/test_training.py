import json
from pathlib import Path

import pytest
from smcontract.configuration import ResourceConfig
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot
from smcontract.training import Channel, read_channels, read_hyperparameters, read_resource_config

# As the service writes it (developer guide, inputdataconfig.json); no ContentType was given for `encoder`.
BY_THE_SERVICE = {
    "train": {
        "ContentType": "text/csv",
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    },
    "encoder": {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    },
}


@pytest.fixture
def root(tmp_path: Path) -> ContainerRoot:
    (tmp_path / "input" / "config").mkdir(parents=True)
    return ContainerRoot(tmp_path)


def write_hyperparameters(root: ContainerRoot, document: object) -> None:
    root.hyperparameters_file.write_text(json.dumps(document), encoding="utf-8")


def write_input_data_config(root: ContainerRoot, document: object) -> None:
    root.input_data_config_file.write_text(json.dumps(document), encoding="utf-8")


# The Python SDK encodes each value as JSON (contracts of hyperparameters.json in the
# SDK and in the training toolkit); boto3 and the console leave it as it is.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"adam"', "adam"),
        ("adam", "adam"),
        ("0.1", 0.1),
        ('"0.1"', "0.1"),
        ("7", 7),
        ("true", True),
        ("True", "True"),
        ("null", None),
        ('["auc", "logloss"]', ["auc", "logloss"]),
        ("auc,logloss", "auc,logloss"),
        ("", ""),
        ('"half', '"half'),
        ("Zürich", "Zürich"),
    ],
)
def test_a_hyperparameter_is_decoded_where_it_is_json_and_raw_where_not(
    root: ContainerRoot, text: str, value: object
) -> None:
    write_hyperparameters(root, {"name": text})

    decoded = read_hyperparameters(root)["name"]

    assert decoded == value
    assert type(decoded) is type(value)


def test_a_value_that_somebody_wrote_without_quotes_is_kept(root: ContainerRoot) -> None:
    # Against the contract (strings only), but plain when a folder is prepared by hand.
    write_hyperparameters(root, {"eta": 0.3})

    assert read_hyperparameters(root) == {"eta": 0.3}


def test_a_job_without_hyperparameters_has_none(root: ContainerRoot) -> None:
    assert read_hyperparameters(root) == {}
    write_hyperparameters(root, {})
    assert read_hyperparameters(root) == {}


def test_hyperparameters_that_are_no_object_are_refused(root: ContainerRoot) -> None:
    write_hyperparameters(root, ["eta"])

    with pytest.raises(ContractError, match=r"hyperparameters\.json holds a JSON list"):
        read_hyperparameters(root)


def test_channels_are_the_ones_in_the_configuration(root: ContainerRoot) -> None:
    write_input_data_config(root, BY_THE_SERVICE)
    (root.path / "input" / "data" / "train-manifest").mkdir(parents=True)

    assert read_channels(root) == {
        "train": Channel("train", root.path / "input" / "data" / "train", "text/csv", "File"),
        "encoder": Channel("encoder", root.path / "input" / "data" / "encoder", None, "File"),
    }


def test_the_input_mode_of_a_channel_is_told(root: ContainerRoot) -> None:
    write_input_data_config(root, {"train": {"TrainingInputMode": "FastFile"}, "test": {}})

    channels = read_channels(root)

    assert (channels["train"].input_mode, channels["test"].input_mode) == ("FastFile", "File")


def test_without_a_configuration_the_folders_are_the_channels(root: ContainerRoot) -> None:
    data = root.path / "input" / "data"
    for name in ("validation", "train"):
        (data / name).mkdir(parents=True)
    (data / "train-manifest").write_text("[]", encoding="utf-8")

    assert read_channels(root) == {
        "train": Channel("train", data / "train"),
        "validation": Channel("validation", data / "validation"),
    }


def test_with_neither_configuration_nor_folders_there_are_no_channels(root: ContainerRoot) -> None:
    assert read_channels(root) == {}


def test_a_channel_that_is_no_object_is_refused_by_name(root: ContainerRoot) -> None:
    write_input_data_config(root, {"train": "File"})

    with pytest.raises(ContractError, match="channel 'train' must be a JSON object"):
        read_channels(root)


def test_the_hosts_are_the_training_jobs_own(root: ContainerRoot) -> None:
    hosts = {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}
    root.training_resource_config_file.write_text(json.dumps(hosts), encoding="utf-8")

    assert read_resource_config(root) == ResourceConfig("algo-2", ("algo-1", "algo-2"))
