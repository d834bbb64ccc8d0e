"""The containers of a deployment: which there must be, made, healthy, and ended again."""

import hashlib
import http.client
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from slipway.containers.engine import ContainerGoneError, ContainerState, Engine, EngineAwayError, EngineError
from slipway.containers.spec import ContainerSpec, Limits, Mount
from slipway.executors.places import Place, places, port_of
from slipway.resources.deployment import Deployment, ServingContainer, Variant
from slipway.resources.resource import Key, Owner, Resource

log = logging.getLogger(__name__)

MODEL_FOLDER = "/opt/ml/model"
# Developer guide, "Use Your Own Inference Code with Hosting Services".
PING_SECONDS = 2.0
STOP_GRACE_SECONDS = 30
# How often /ping must say 200 in a row; the guide asks for "consistently".
PINGS_IN_A_ROW = 2
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5
# Containers that start at a time.
AT_A_TIME = 8
LAST_LINES = 15
BIND_TO_PORT_LABEL = "com.amazonaws.sagemaker.capabilities.accept-bind-to-port"


class ServingError(Exception):
    """A container does not serve; the message is a FailureReason, AWS's words first."""


# Told of every container that serves or is to: endpoint, variant, place, container id.
Follow = Callable[[Resource, Variant, Place, str], None]


class ServingContainers:
    """Makes, watches and ends the containers of endpoints; knows nothing of statuses."""

    def __init__(
        self,
        engine: Engine,
        limits_of: Callable[[str], Limits],
        network: str,
        environment_of: Callable[[Owner], Mapping[str, str]],
        subpath_of: Callable[[Key, Place], str],
        follow: Follow,
    ) -> None:
        self._engine = engine
        self._limits_of = limits_of
        self._network = network
        self._subpath_of = subpath_of
        self._follow = follow
        self._environment_of = environment_of

    def present(self, key: Key) -> dict[str, ContainerState]:
        """The containers of an endpoint by host."""
        return {state.host: state for state in self._engine.of_resource(key.arn)}

    def bring_up(
        self,
        endpoint: Resource,
        deployment: Deployment,
        wanted: Iterable[Place],
        restartable: Collection[str],
    ) -> dict[Place, ContainerState]:
        """Have the `wanted` containers run and healthy.

        One that has ended is started again where its host is in `restartable`;
        everywhere else its end is the answer. Raises ServingError for the first
        that does not serve; the others are left as they are.
        """
        missing = list(wanted)
        if not missing:
            return {}
        present = self.present(endpoint.key)
        given_up = threading.Event()

        def one(place: Place) -> ContainerState:
            try:
                state = present.get(place.host)
                container_id = self._running(
                    endpoint.key, deployment, place, state, place.host in restartable
                )
                self._follow(endpoint, deployment.variants[place.variant], place, container_id)
                return self._healthy(deployment, place, container_id, given_up)
            except BaseException:
                given_up.set()
                raise

        with ThreadPoolExecutor(min(AT_A_TIME, len(missing)), thread_name_prefix="serving") as pool:
            futures = [pool.submit(one, place) for place in missing]
        failures = [error for future in futures if (error := future.exception())]
        for error in failures:
            if not isinstance(error, _GivenUpError):
                raise error
        return {place: future.result() for place, future in zip(missing, futures, strict=True)}

    def answering(self, endpoint: Resource, deployment: Deployment) -> dict[Place, ContainerState]:
        """The containers of a deployment that run and whose /ping says 200 now."""
        present = self.present(endpoint.key)
        for variant in deployment.variants:
            # This process may run in another container than the one that was on the network.
            self._network_of(endpoint.key, variant)
        found = {}
        for place in places(deployment):
            state, variant = present.get(place.host), deployment.variants[place.variant]
            if state is None or not state.is_running or state.address is None:
                continue
            self._follow(endpoint, variant, place, state.container_id)
            if is_pinged(state.address, port_of(variant, place.container)):
                found[place] = state
        return found

    def end(self, states: Iterable[ContainerState]) -> None:
        """SIGTERM, after 30 s SIGKILL, and remove; all of them at once."""
        ending = list(states)
        if not ending:
            return

        def one(state: ContainerState) -> None:
            if state.is_running:
                self._engine.stop(state.container_id, STOP_GRACE_SECONDS)
            self._engine.remove(state.container_id)

        with ThreadPoolExecutor(min(AT_A_TIME, len(ending)), thread_name_prefix="serving") as pool:
            list(pool.map(one, ending))

    def end_all(self, key: Key) -> None:
        """End every container of an endpoint, and its network where it had one."""
        self.end(self.present(key).values())
        self._engine.leave_network(self._isolated_network(key))
        self._engine.remove_networks_of(key.arn)

    def _running(
        self, key: Key, deployment: Deployment, place: Place, state: ContainerState | None, may_restart: bool
    ) -> str:
        """Have a container run; returns its id."""
        variant = deployment.variants[place.variant]
        container = variant.containers[place.container]
        if state is not None and state.is_running:
            return state.container_id
        if state is not None and state.exit_code is not None and not may_restart:
            raise ServingError(self._end_of(variant, container, state))
        try:
            container_id = (
                state.container_id
                if state is not None
                else self._engine.create(self._spec(key, variant, container, place))
            )
            self._engine.start(container_id)
        except EngineAwayError:
            # Nothing about the model: InternalServerError, or tried again.
            raise
        except EngineError as error:
            raise ServingError(
                f"The {container.name} container for production variant {variant.name} could not be "
                f"started from {container.image}: {error}"
            ) from error
        return container_id

    def _spec(self, key: Key, variant: Variant, container: ServingContainer, place: Place) -> ContainerSpec:
        environment = {**self._environment(key.owner, variant), **container.environment}
        if len(variant.containers) > 1:
            environment["SAGEMAKER_BIND_TO_PORT"] = str(port_of(variant, place.container))
        return ContainerSpec(
            image=container.image_id or container.image,
            resource_arn=key.arn,
            host=place.host,
            command=("serve",),
            environment=environment,
            mounts=(Mount(self._subpath_of(key, place), MODEL_FOLDER, is_read_only=True),),
            limits=self._limits(variant),
            network=self._network_of(key, variant),
        )

    def _environment(self, owner: Owner, variant: Variant) -> Mapping[str, str]:
        """How a container finds AWS; an isolated one has nobody to ask."""
        return {"AWS_REGION": owner.region} if variant.is_isolated else self._environment_of(owner)

    def _limits(self, variant: Variant) -> Limits | None:
        if variant.serverless is not None:
            # Developer guide, "Serverless endpoints": processors in proportion to memory, 1 GB is one.
            megabytes: int = variant.serverless["MemorySizeInMB"]
            return Limits(cpus=megabytes / 1024, memory_bytes=megabytes * 1024**2)
        return None if variant.instance_type is None else self._limits_of(variant.instance_type)

    def _network_of(self, key: Key, variant: Variant) -> str:
        """Isolated containers are on a network that leads nowhere but here: they have to be asked."""
        if not variant.is_isolated:
            return self._network
        name = self._isolated_network(key)
        self._engine.ensure_network(name, is_internal=True, resource_arn=key.arn)
        self._engine.join_network(name)
        return name

    def _isolated_network(self, key: Key) -> str:
        return f"{self._network}-{hashlib.sha256(key.arn.encode()).hexdigest()[:12]}"

    def _healthy(
        self, deployment: Deployment, place: Place, container_id: str, given_up: threading.Event
    ) -> ContainerState:
        """Return once /ping is steadily 200. Raises ServingError where the container ends, or time does."""
        variant = deployment.variants[place.variant]
        container = variant.containers[place.container]
        port = port_of(variant, place.container)
        deadline = time.monotonic() + variant.startup_seconds
        state = self._engine.state(container_id)
        pause, in_a_row = FIRST_PAUSE_SECONDS, 0
        while time.monotonic() < deadline:
            if given_up.wait(pause):
                raise _GivenUpError
            if state.address is not None and is_pinged(state.address, port):
                in_a_row += 1
                if in_a_row == PINGS_IN_A_ROW:
                    return state
                continue
            in_a_row = 0
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
            try:
                state = self._engine.state(container_id)
            except ContainerGoneError as error:
                raise ServingError(
                    f"{_unhealthy(variant, container)} Somebody removed it: {error}"
                ) from error
            if not state.is_running:
                raise ServingError(self._end_of(variant, container, state))
        raise ServingError(
            f"{_unhealthy(variant, container)} GET /ping on port {port} was not 200 within "
            f"{variant.startup_seconds} s; its last words: {self._last_words(container_id)}"
        )

    def _end_of(self, variant: Variant, container: ServingContainer, state: ContainerState) -> str:
        how = f"exit code {state.exit_code}"
        if state.is_out_of_memory:
            how += ", out of memory: a larger InstanceType has more"
        return (
            f"{_unhealthy(variant, container)} The container ended with {how}; "
            f"its last words: {self._last_words(state.container_id)}"
        )

    def _last_words(self, container_id: str) -> str:
        """The last lines of a container's log, or that there are none."""
        self._engine.stop(container_id, 0)
        try:
            lines = deque((text for _, text in self._engine.log_lines(container_id)), maxlen=LAST_LINES)
        except EngineError as error:
            return f"(lost: {error})"
        return "\n".join(lines).strip() or "(none)"


class _GivenUpError(Exception):
    """Another container of the same deployment failed; this one need not be waited for."""


def _unhealthy(variant: Variant, container: ServingContainer) -> str:
    return (
        f"The {container.name} container for production variant {variant.name} did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    )


def is_pinged(address: str, port: int) -> bool:
    """Whether GET /ping says 200 within 2 s."""
    connection = http.client.HTTPConnection(address, port, timeout=PING_SECONDS)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def check_bind_to_port(engine: Engine, variants: Mapping[str, Variant]) -> None:
    """Raise ServingError where an image would not share an instance with others on AWS."""
    for variant in variants.values():
        for container in variant.containers:
            if len(variant.containers) < 2:
                continue
            labels = engine.image_labels(container.image_id or container.image)
            if labels.get(BIND_TO_PORT_LABEL) != "true":
                # Developer guide, "Troubleshoot direct invocation of multi-container endpoints".
                raise ServingError(
                    f"Your Ecr Image {container.image} does not contain required {BIND_TO_PORT_LABEL}=true "
                    "Docker label(s): add the label, and let the server listen where "
                    "SAGEMAKER_BIND_TO_PORT says."
                )
