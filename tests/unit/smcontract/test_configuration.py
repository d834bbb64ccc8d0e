import json
from pathlib import Path

import pytest
from smcontract.configuration import ResourceConfig, read_json_object, read_resource_config_file
from smcontract.failure import ContractError

# A real file of a training job (training toolkit, environment.py); only the first
# three keys are documented.
REAL = {
    "current_host": "algo-1",
    "hosts": ["algo-1", "algo-2"],
    "network_interface_name": "eth0",
    "current_instance_type": "ml.m5.xlarge",
    "current_group_name": "homogeneousCluster",
    "instance_groups": [
        {
            "instance_group_name": "homogeneousCluster",
            "instance_type": "ml.m5.xlarge",
            "hosts": ["algo-1", "algo-2"],
        }
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "resourceconfig.json"


def written(file: Path, document: object) -> Path:
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_missing_file_is_an_empty_object(file: Path) -> None:
    assert read_json_object(file) == {}


def test_an_object_is_returned_as_it_is(file: Path) -> None:
    assert read_json_object(written(file, {"a": {"b": [1, None]}})) == {"a": {"b": [1, None]}}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not valid JSON"),
        (b"{", "is not valid JSON"),
        (b"\xff\xfe", "is not valid JSON"),
        (b"[]", "holds a JSON list"),
        (b"null", "holds a JSON NoneType"),
    ],
)
def test_anything_else_is_refused_by_name(file: Path, content: bytes, complaint: str) -> None:
    file.write_bytes(content)

    with pytest.raises(ContractError, match=complaint) as raised:
        read_json_object(file)

    assert str(file) in str(raised.value)


def test_without_a_file_there_is_one_host_and_it_leads(file: Path) -> None:
    # SageMaker names hosts algo-1 to algo-n (developer guide, distributed training configuration).
    config = read_resource_config_file(file)

    assert config == ResourceConfig(current_host="algo-1", hosts=("algo-1",))
    assert config.is_leader


def test_undocumented_keys_are_ignored(file: Path) -> None:
    assert read_resource_config_file(written(file, REAL)) == ResourceConfig("algo-1", ("algo-1", "algo-2"))


def test_only_the_first_host_leads_whatever_the_order_in_the_file(file: Path) -> None:
    hosts = ["algo-2", "algo-1"]

    leader = read_resource_config_file(written(file, {"current_host": "algo-1", "hosts": hosts}))
    other = read_resource_config_file(written(file, {"current_host": "algo-2", "hosts": hosts}))

    assert leader.hosts == other.hosts == ("algo-1", "algo-2")
    assert (leader.is_leader, other.is_leader) == (True, False)


@pytest.mark.parametrize("hosts", [None, "algo-1", [1], {"algo-1": 1}])
def test_hosts_that_are_no_list_of_names_are_refused(file: Path, hosts: object) -> None:
    with pytest.raises(ContractError, match="'hosts' must be a list of host names"):
        read_resource_config_file(written(file, {"current_host": "algo-1", "hosts": hosts}))


@pytest.mark.parametrize("current_host", [None, 1, "algo-3"])
def test_a_current_host_outside_the_hosts_is_refused(file: Path, current_host: object) -> None:
    with pytest.raises(ContractError, match="is not one of the hosts"):
        read_resource_config_file(written(file, {"current_host": current_host, "hosts": ["algo-1"]}))
