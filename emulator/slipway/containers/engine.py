"""The Docker Engine, reduced to what running jobs and endpoints takes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound, NotFound
from docker.utils import kwargs_from_env
from urllib3.exceptions import HTTPError

from slipway.containers.logs import lines_of
from slipway.containers.spec import HOST_LABEL, OURS, RESOURCE_LABEL, VOLUME_LABEL, ContainerSpec

API_TIMEOUT_SECONDS = 60
# Docker's time of what has not happened.
NEVER = "0001-01-01T00:00:00Z"
# Every container that runs holds a connection: its log.
CONNECTIONS = 64


class EngineError(Exception):
    """Docker refused; the message is its own."""


class EngineAwayError(EngineError):
    """The connection broke, or there is none: the engine ends or restarts, and with it what runs."""


class ImageMissingError(EngineError):
    """The engine does not have the image."""


class ContainerGoneError(EngineError):
    """The container was removed by somebody, or the engine lost it."""


class EntrypointError(EngineError):
    """The image has no such program: the container was made and could not be started."""


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image that the engine has, and what it is called there."""

    image_id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container as the engine sees it now; `exit_code` is None until it has ended."""

    container_id: str
    host: str
    is_running: bool
    exit_code: int | None
    is_out_of_memory: bool
    started_at: str
    finished_at: str
    address: str | None
    error: str

    @property
    def is_waiting(self) -> bool:
        """Whether it was made and never started."""
        return not self.is_running and self.exit_code is None


class Engine:
    """Docker Engine over its API; one client for all threads."""

    def __init__(self, client: docker.APIClient, jobs_volume: str) -> None:
        self._client = client
        self._jobs_volume = jobs_volume

    @classmethod
    def connect(cls, jobs_volume: str) -> "Engine":
        """The engine that DOCKER_HOST names, or the local socket. Raises EngineError."""
        try:
            client = docker.APIClient(
                # The low-level client does not look at DOCKER_HOST by itself.
                **kwargs_from_env(),
                version="auto",
                timeout=API_TIMEOUT_SECONDS,
                max_pool_size=CONNECTIONS,
            )
        except docker.errors.DockerException as error:
            raise EngineError(f"the Docker Engine does not answer: {error}") from error
        return cls(client, jobs_volume)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def create(self, spec: ContainerSpec) -> str:
        """Make a container and return its id; it does not run yet.

        Raises ImageMissingError, and EngineError with the engine's words.
        """
        with _answering():
            try:
                made = self._client.create_container_from_config(self._config(spec))
            except ImageNotFound as error:
                raise ImageMissingError(f"there is no image {spec.image} in this Docker Engine") from error
        container_id: str = made["Id"]
        return container_id

    def start(self, container_id: str) -> None:
        """Let a container run. Raises EntrypointError where its program cannot be executed."""
        with _answering():
            try:
                self._client.start(container_id)
            except NotFound as error:
                raise ContainerGoneError(str(error.explanation)) from error
            except APIError as error:
                raise EntrypointError(error.explanation or str(error)) from error

    def state(self, container_id: str) -> ContainerState:
        """How a container is now. Raises ContainerGoneError, EngineAwayError."""
        with _answering():
            try:
                return _state(self._client.inspect_container(container_id))
            except NotFound as error:
                raise ContainerGoneError(str(error.explanation)) from error

    def of_resource(self, resource_arn: str) -> list[ContainerState]:
        """Every container of a resource, running or not."""
        return self._found(f"{RESOURCE_LABEL}={resource_arn}")

    def resource_arns(self) -> set[str]:
        """The resources that have containers or networks here."""
        labels = {"label": [RESOURCE_LABEL, f"{VOLUME_LABEL}={self._jobs_volume}"]}
        with _answering():
            listed = [
                *self._client.containers(all=True, filters=labels),
                *self._client.networks(filters=labels),
            ]
        return {item["Labels"][RESOURCE_LABEL] for item in listed}

    def memory_used(self, container_id: str) -> int | None:
        """Bytes that a container has in use now, as the engine counts them; None where it does not run."""
        with _answering():
            try:
                stats = self._client.stats(container_id, stream=False, one_shot=True)
            except NotFound:
                return None
        found: int | None = stats.get("memory_stats", {}).get("usage")
        return found

    def stop(self, container_id: str, grace_seconds: int) -> None:
        """SIGTERM, and SIGKILL after `grace_seconds`; returns when the container has ended."""
        with _answering(), suppress(NotFound):
            self._client.stop(container_id, timeout=grace_seconds)

    def remove(self, container_id: str) -> None:
        """Remove a container, running or not; one that is gone is no error."""
        with _answering(), suppress(NotFound):
            try:
                self._client.remove_container(container_id, v=True, force=True)
            except APIError as error:
                # Somebody else is removing it: then it will be gone.
                if "already in progress" not in str(error.explanation):
                    raise EngineError(str(error.explanation)) from error

    def log_lines(self, container_id: str, since: float | None = None) -> Iterator[tuple[float, str]]:
        """Lines of stdout and stderr with the time of each, as they come, until the container ends.

        Raises ContainerGoneError, EngineAwayError.
        """
        with _answering():
            try:
                chunks = self._client.logs(
                    container_id,
                    stdout=True,
                    stderr=True,
                    stream=True,
                    follow=True,
                    timestamps=True,
                    since=since,
                )
                yield from lines_of(chunks)
            except NotFound as error:
                raise ContainerGoneError(str(error.explanation)) from error

    def image_id(self, reference: str) -> str | None:
        """The engine's id of an image; None where it does not have it."""
        with _answering():
            try:
                identity: str = self._client.inspect_image(reference)["Id"]
            except (ImageNotFound, NotFound):
                return None
        return identity

    def image_labels(self, reference: str) -> dict[str, str]:
        """An image's labels. Raises ImageMissingError."""
        with _answering():
            try:
                config = self._client.inspect_image(reference)["Config"]
            except (ImageNotFound, NotFound) as error:
                raise ImageMissingError(f"there is no image {reference} in this Docker Engine") from error
        return dict(config.get("Labels") or {})

    def images(self) -> list[LocalImage]:
        """Every image that has a name."""
        with _answering():
            listed = self._client.images()
        return [
            LocalImage(item["Id"], tuple(item.get("RepoTags") or ()), tuple(item.get("RepoDigests") or ()))
            for item in listed
        ]

    def capacity(self) -> tuple[int, int]:
        """Processors and bytes of memory that the engine has."""
        with _answering():
            info = self._client.info()
        return int(info["NCPU"]), int(info["MemTotal"])

    def is_answering(self) -> bool:
        """Whether the engine is there now."""
        try:
            with _answering():
                return bool(self._client.ping())
        except EngineError:
            return False

    def ensure_network(self, name: str, is_internal: bool = False, resource_arn: str | None = None) -> None:
        """Have a labelled network of that name; with `resource_arn` it is found and removed by that."""
        labels = {OURS: "1"}
        if resource_arn is not None:
            labels |= {RESOURCE_LABEL: resource_arn, VOLUME_LABEL: self._jobs_volume}
        with _answering():
            if any(item["Name"] == name for item in self._client.networks(names=[name])):
                return
            self._client.create_network(
                name, driver="bridge", internal=is_internal, labels=labels, check_duplicate=True
            )

    def remove_networks_of(self, resource_arn: str) -> None:
        """Remove the networks that were made for a resource."""
        with _answering():
            filters = {"label": [f"{RESOURCE_LABEL}={resource_arn}", f"{VOLUME_LABEL}={self._jobs_volume}"]}
            for item in self._client.networks(filters=filters):
                self.remove_network(item["Id"])

    def join_network(self, name: str) -> None:
        """Be on a network with the container that this process runs in; outside of one it is anyway."""
        own = socket.gethostname()
        with _answering(), suppress(NotFound):
            networks = self._client.inspect_container(own)["NetworkSettings"]["Networks"]
            if name not in networks:
                self._client.connect_container_to_network(own, name)

    def leave_network(self, name: str) -> None:
        """The contrary; nothing where we are not on it."""
        own = socket.gethostname()
        with _answering(), suppress(NotFound):
            if name in self._client.inspect_container(own)["NetworkSettings"]["Networks"]:
                self._client.disconnect_container_from_network(own, name)

    def address_on(self, network: str) -> str:
        """Where containers on a network reach this process: its container's address, or the machine's own."""
        with _answering():
            try:
                own = self._client.inspect_container(socket.gethostname())
                found = own["NetworkSettings"]["Networks"].get(network, {}).get("IPAddress")
            except NotFound:
                found = None
            if not found:
                [config, *_] = self._client.inspect_network(network)["IPAM"]["Config"]
                found = config["Gateway"]
        address: str = found
        return address

    def endings(self) -> Iterator[str]:
        """The resource of each container of ours that ends, as it happens. Raises EngineError."""
        labels = [RESOURCE_LABEL, f"{VOLUME_LABEL}={self._jobs_volume}"]
        filters = {"type": "container", "event": "die", "label": labels}
        with _answering():
            for event in self._client.events(filters=filters, decode=True):
                yield event["Actor"]["Attributes"][RESOURCE_LABEL]

    def remove_network(self, name: str) -> None:
        """Remove a network; one that is gone is no error."""
        with _answering(), suppress(NotFound):
            self._client.remove_network(name)

    def _found(self, label: str) -> list[ContainerState]:
        filters = {"label": [label, f"{VOLUME_LABEL}={self._jobs_volume}"]}
        with _answering():
            listed = self._client.containers(all=True, filters=filters)
        states = []
        for item in listed:
            with suppress(ContainerGoneError):
                states.append(self.state(item["Id"]))
        return states

    def _config(self, spec: ContainerSpec) -> dict[str, Any]:
        """The body of Docker's POST /containers/create."""
        host: dict[str, Any] = {
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": self._jobs_volume,
                    "Target": mount.target,
                    "ReadOnly": mount.is_read_only,
                    # The folder must exist; Docker makes none (engine 26 and later).
                    "VolumeOptions": {"Subpath": mount.subpath, "NoCopy": True},
                }
                for mount in spec.mounts
            ],
            # SageMaker's containers are root without privileges; none of ours may gain any.
            "CapDrop": ["ALL"],
            "CapAdd": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "NET_BIND_SERVICE", "KILL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "NetworkMode": spec.network or spec.private_network or "none",
            # A job that talks without end must not fill the disk.
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "64m", "max-file": "2"}},
        }
        if spec.hosts:
            host["ExtraHosts"] = [f"{name}:{address}" for name, address in spec.hosts.items()]
        if spec.is_confined:
            host |= {"ReadonlyRootfs": True, "Init": True, "CapAdd": []}
        if spec.limits is not None:
            host["NanoCpus"] = int(spec.limits.cpus * 1e9)
            host["Memory"] = spec.limits.memory_bytes
            host["PidsLimit"] = spec.limits.pids
            if spec.is_confined:
                # Without it as much again could be swapped out.
                host["MemorySwap"] = spec.limits.memory_bytes
        config: dict[str, Any] = {
            "Image": spec.image,
            "Env": [f"{name}={value}" for name, value in spec.environment.items()],
            "Labels": {**spec.labels, VOLUME_LABEL: self._jobs_volume},
            "Hostname": spec.host,
            "HostConfig": host,
        }
        if spec.entrypoint is not None:
            config["Entrypoint"] = list(spec.entrypoint)
        if spec.command is not None:
            config["Cmd"] = list(spec.command)
        if spec.user is not None:
            config["User"] = spec.user
        if spec.working_directory is not None:
            config["WorkingDir"] = spec.working_directory
        # Names are for the private network, where there is one: on the common one every job has an algo-1.
        named = spec.private_network or spec.network
        if named is not None and spec.aliases:
            endpoints: dict[str, Any] = {} if spec.network is None else {spec.network: {}}
            endpoints[named] = {"Aliases": list(spec.aliases)}
            config["NetworkingConfig"] = {"EndpointsConfig": endpoints}
        return config


@contextmanager
def _answering() -> Iterator[None]:
    """Refusals and broken connections as this module's errors."""
    try:
        yield
    except APIError as error:
        raise EngineError(error.explanation or str(error)) from error
    # requests' errors are OSErrors; urllib3's come through where a stream breaks.
    except (OSError, HTTPError) as error:
        raise EngineAwayError(f"the connection to the Docker Engine broke: {error}") from error


def _state(item: dict[str, Any]) -> ContainerState:
    state = item["State"]
    networks = item["NetworkSettings"]["Networks"]
    # A container that somebody removes has ended too, and is never without an exit code then.
    has_ended = not state["Running"] and state["StartedAt"] != NEVER
    return ContainerState(
        container_id=item["Id"],
        host=item["Config"]["Labels"].get(HOST_LABEL, ""),
        is_running=bool(state["Running"]),
        exit_code=int(state["ExitCode"]) if has_ended else None,
        is_out_of_memory=bool(state["OOMKilled"]),
        started_at=state["StartedAt"],
        finished_at=state["FinishedAt"],
        address=next((network["IPAddress"] for network in networks.values() if network["IPAddress"]), None),
        error=state["Error"],
    )
