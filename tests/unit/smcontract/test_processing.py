import json
from pathlib import Path

import pytest
from smcontract.configuration import ResourceConfig
from smcontract.failure import ContractError
from smcontract.processing import read_processing_job_config, read_resource_config
from smcontract.root import ContainerRoot

# The request echoed, with null for what was not set (developer guide, "Build Your Own
# Processing Container"; API CreateProcessingJob).
REQUEST = {
    "ProcessingJobName": "preprocess",
    "AppSpecification": {"ImageUri": "i", "ContainerEntrypoint": None, "ContainerArguments": None},
    "Environment": {"K": "V"},
}


@pytest.fixture
def root(tmp_path: Path) -> ContainerRoot:
    (tmp_path / "config").mkdir()
    return ContainerRoot(tmp_path)


def test_a_job_reads_its_own_request(root: ContainerRoot) -> None:
    root.processing_job_config_file.write_text(json.dumps(REQUEST), encoding="utf-8")

    assert read_processing_job_config(root) == REQUEST


def test_a_container_started_by_hand_has_no_request_and_one_host(root: ContainerRoot) -> None:
    assert read_processing_job_config(root) == {}
    assert read_resource_config(root) == ResourceConfig("algo-1", ("algo-1",))


def test_the_hosts_are_read_from_config_and_not_from_input_config(root: ContainerRoot) -> None:
    hosts = {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}
    root.processing_resource_config_file.write_text(json.dumps(hosts), encoding="utf-8")
    root.training_resource_config_file.parent.mkdir(parents=True)
    root.training_resource_config_file.write_text("{", encoding="utf-8")

    assert read_resource_config(root) == ResourceConfig("algo-2", ("algo-1", "algo-2"))


def test_a_request_that_is_no_json_is_refused_by_name(root: ContainerRoot) -> None:
    root.processing_job_config_file.write_text("{", encoding="utf-8")

    with pytest.raises(ContractError, match=r"processingjobconfig\.json is not valid JSON"):
        read_processing_job_config(root)
