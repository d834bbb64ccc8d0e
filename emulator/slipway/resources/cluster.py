"""The machines that a job asks for, as hosts with SageMaker's names."""

from dataclasses import dataclass

from slipway.resources.document import Document

# resourceconfig.json's name of the only group of an ordinary cluster (contracts, 1.3).
HOMOGENEOUS = "homogeneousCluster"


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """Hosts of one instance type."""

    name: str
    instance_type: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Every host of a job, algo-1 first."""

    groups: tuple[InstanceGroup, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """All host names, in the order of their numbers."""
        return tuple(host for group in self.groups for host in group.hosts)

    def group_of(self, host: str) -> InstanceGroup:
        """The group that `host` is in."""
        return next(group for group in self.groups if host in group.hosts)


def cluster_of(config: Document) -> Cluster:
    """The cluster of a ResourceConfig or a ClusterConfig."""
    wanted = config.get("InstanceGroups") or [
        {
            "InstanceGroupName": HOMOGENEOUS,
            "InstanceType": config.get("InstanceType", ""),
            "InstanceCount": config.get("InstanceCount", 1),
        }
    ]
    groups = []
    number = 1
    for item in wanted:
        count = item["InstanceCount"]
        hosts = tuple(f"algo-{each}" for each in range(number, number + count))
        groups.append(InstanceGroup(item["InstanceGroupName"], item["InstanceType"], hosts))
        number += count
    return Cluster(tuple(groups))
