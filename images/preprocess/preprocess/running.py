"""What the jobs on rows have in common: one host, an end when they are told so, and their own times."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.processing import read_resource_config
from smcontract.root import ContainerRoot

log = logging.getLogger(__name__)


def refuse_clusters(root: ContainerRoot) -> None:
    """Raise ContractError where the job has several hosts."""
    hosts = read_resource_config(root).hosts
    if len(hosts) > 1:
        raise ContractError(
            f"this job has {len(hosts)} instances, and a split needs all rows in one place; "
            "set InstanceCount to 1."
        )


def refuse_to_go_on(stop: StopSignal) -> None:
    """Raise ContractError once the job was told to stop."""
    if stop.requested:
        raise ContractError(f"stopped by {stop.name} before any output was complete; start the job again.")


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Log how long the block takes."""
    started = time.perf_counter()
    yield
    log.info("preprocess.step name=%s seconds=%.3f", step, time.perf_counter() - started)
