"""The hosts of a training job as one: Lightning's DDP over gloo."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies import DDPStrategy
from smcontract.configuration import ResourceConfig
from torch import distributed

T = TypeVar("T")

# Any free port does: the hosts of a job have a network of their own.
_PORT = 7919
# How long a host waits for one that has not come, or that reads more data than it.
_PATIENCE = timedelta(minutes=10)


class Hosts:
    """This host's place among the job's hosts, and what they do together; alone it costs nothing."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        self.rank: int = fabric.global_rank
        self.count: int = fabric.world_size

    @property
    def is_leader(self) -> bool:
        """Whether this host writes the model, checkpoints and metric lines."""
        return self.rank == 0

    def gathered(self, mine: T) -> list[T]:
        """What each host has, in the order of hosts."""
        if self.count == 1:
            return [mine]
        every: list[Any] = [None] * self.count
        distributed.all_gather_object(every, mine)
        return every

    def from_leader(self, mine: T) -> T:
        """What the leader has."""
        if self.count == 1:
            return mine
        told = [mine]
        distributed.broadcast_object_list(told, src=0)
        return told[0]

    def summed(self, *numbers: float) -> list[float]:
        """Each of the numbers, summed over the hosts."""
        if self.count == 1:
            return list(numbers)
        total = torch.tensor(numbers, dtype=torch.float64)
        distributed.all_reduce(total)
        return [float(number) for number in total]

    def any(self, mine: bool) -> bool:
        """Whether it holds on one of the hosts."""
        return self.summed(float(mine))[0] > 0

    def share(self, found: list[T], keys: list[str]) -> list[T]:
        """This host's share of `found`: all of it where hosts were given different parts, else every n-th.

        A channel that is sharded brings each host its own; one that is replicated is divided here.
        """
        if len({tuple(each) for each in self.gathered(keys)}) > 1:
            return found
        return found[self.rank :: self.count]


def join(resources: ResourceConfig) -> Hosts:
    """Meet the other hosts; the first one's name is where they meet. Waits ten minutes for them."""
    count = len(resources.hosts)
    if count > 1:
        os.environ.update(_rendezvous(resources))
    strategy = DDPStrategy(process_group_backend="gloo", timeout=_PATIENCE) if count > 1 else "auto"
    fabric = Fabric(accelerator="auto", devices=1, num_nodes=count, strategy=strategy)
    fabric.launch()
    return Hosts(fabric)


def _rendezvous(resources: ResourceConfig) -> Mapping[str, str]:
    """What Lightning and PyTorch read about the hosts: one process on each."""
    return {
        "MASTER_ADDR": resources.hosts[0],
        "MASTER_PORT": str(_PORT),
        "WORLD_SIZE": str(len(resources.hosts)),
        "NODE_RANK": str(resources.hosts.index(resources.current_host)),
        "LOCAL_RANK": "0",
        # Debian builds PyTorch without it, and it is for thousands of hosts.
        "USE_LIBUV": "0",
    }
