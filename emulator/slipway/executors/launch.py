"""The containers of a job: made, started, and removed with their network."""

import hashlib
import logging

from slipway.containers.limits import limits_of
from slipway.containers.spec import ContainerSpec
from slipway.executors.contract import Contract, Tools
from slipway.executors.folder import JobFolder
from slipway.resources.resource import Key, Resource

log = logging.getLogger(__name__)


class Launcher:
    """Starts each host's container once, however often it is asked."""

    def __init__(self, contract: Contract, tools: Tools) -> None:
        self._contract = contract
        self._tools = tools

    def launch(self, job: Resource) -> dict[str, str]:
        """Start what does not run yet; the container's id by host."""
        engine = self._tools.engine
        there = {state.host: state for state in engine.of_resource(job.arn)}
        hosts = self._contract.cluster(job).hosts
        private = private_network(job.key) if len(hosts) > 1 else None
        if private is not None:
            engine.ensure_network(private, is_internal=True, resource_arn=job.arn)
        ids = {host: state.container_id for host, state in there.items()}
        # All are made before one starts: a container's hosts may look for each other at once.
        for host in hosts:
            if host not in there:
                ids[host] = engine.create(self._spec(job, host, private))
        for host in hosts:
            if host not in there or there[host].is_waiting:
                engine.start(ids[host])
        log.info("job.launched arn=%s hosts=%d image=%s", job.arn, len(ids), job.internal["image"])
        return ids

    def launched(self, job: Resource) -> dict[str, str]:
        """The containers that were started earlier; the container's id by host."""
        return {state.host: state.container_id for state in self._tools.engine.of_resource(job.arn)}

    def remove(self, job: Resource) -> None:
        """Leave no container and no network of the job."""
        engine = self._tools.engine
        for state in engine.of_resource(job.arn):
            engine.remove(state.container_id)
        if len(self._contract.cluster(job).hosts) > 1:
            engine.remove_networks_of(job.arn)

    def _spec(self, job: Resource, host: str, private: str | None) -> ContainerSpec:
        contract = self._contract
        program = contract.program(job, JobFolder(self._tools.jobs_dir, job.key), host)
        is_isolated = contract.is_isolated(job)
        # What is isolated has no credentials either (developer guide, internet-free mode).
        environment = {} if is_isolated else self._tools.environment_of(job.key.owner)
        return ContainerSpec(
            image=job.internal["image"],
            resource_arn=job.arn,
            host=host,
            entrypoint=program.entrypoint,
            command=program.command,
            environment=environment | program.environment,
            mounts=program.mounts,
            limits=limits_of(contract.cluster(job).group_of(host).instance_type, *self._tools.capacity),
            network=None if is_isolated else self._tools.job_network,
            private_network=private,
            aliases=(host,) if private is not None else (),
        )


def private_network(key: Key) -> str:
    """The name of the network on which a job's hosts find each other."""
    return f"slipway-{hashlib.sha256(key.arn.encode()).hexdigest()[:16]}"
