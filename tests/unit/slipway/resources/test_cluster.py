"""The hosts that a request asks for."""

from slipway.resources.cluster import cluster_of


def test_instances_are_hosts_with_sagemakers_names() -> None:
    cluster = cluster_of({"InstanceType": "ml.m5.large", "InstanceCount": 3})

    assert cluster.hosts == ("algo-1", "algo-2", "algo-3")
    assert cluster.group_of("algo-2").instance_type == "ml.m5.large"


def test_groups_number_their_hosts_through() -> None:
    cluster = cluster_of(
        {
            "InstanceGroups": [
                {"InstanceGroupName": "cpu", "InstanceType": "ml.c5.xlarge", "InstanceCount": 2},
                {"InstanceGroupName": "gpu", "InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
            ]
        }
    )

    assert cluster.hosts == ("algo-1", "algo-2", "algo-3")
    assert cluster.group_of("algo-3").name == "gpu"
    assert cluster.group_of("algo-2").hosts == ("algo-1", "algo-2")
