import pytest
from smcontract.root import ContainerRoot

# Training: developer guide, "How Amazon SageMaker Provides Training Information" and
# "How Amazon SageMaker Processes Training Output"; processing: "Build Your Own Processing Container".
DOCUMENTED = {
    "hyperparameters_file": "/opt/ml/input/config/hyperparameters.json",
    "input_data_config_file": "/opt/ml/input/config/inputdataconfig.json",
    "training_resource_config_file": "/opt/ml/input/config/resourceconfig.json",
    "model": "/opt/ml/model",
    "output": "/opt/ml/output",
    "output_data": "/opt/ml/output/data",
    "failure_file": "/opt/ml/output/failure",
    "message_file": "/opt/ml/output/message",
    "checkpoints": "/opt/ml/checkpoints",
    "processing": "/opt/ml/processing",
    # Not below input/, where training has its own.
    "processing_job_config_file": "/opt/ml/config/processingjobconfig.json",
    "processing_resource_config_file": "/opt/ml/config/resourceconfig.json",
}


@pytest.mark.parametrize(("name", "path"), DOCUMENTED.items())
def test_a_path_is_the_documented_one(name: str, path: str) -> None:
    assert str(getattr(ContainerRoot(), name)) == path


def test_every_path_is_compared_with_the_documentation() -> None:
    properties = {name for name, member in vars(ContainerRoot).items() if isinstance(member, property)}

    assert properties == set(DOCUMENTED)


def test_a_channel_lies_below_input_data() -> None:
    assert str(ContainerRoot().channel("train")) == "/opt/ml/input/data/train"
