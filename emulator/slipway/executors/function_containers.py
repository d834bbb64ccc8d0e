"""The containers of functions: what each runs, and with what."""

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from slipway.containers.engine import Engine, EngineError
from slipway.containers.spec import ContainerSpec, Limits, Mount
from slipway.executors.folder import folder_name, make_writable
from slipway.resources.function import LATEST, LiveFunction
from slipway.resources.resource import Key, Kind, Owner
from slipway.staging.function_code import UNPACKED

TASK_ROOT = "/var/task"
# Whoever functions run as in the cloud (sbx_user1051).
USER = "993:990"
# Developer guide, "Lambda quotas": processes and threads.
MOST_PROCESSES = 1024
# Developer guide, "Configure Lambda function memory": so many megabytes are one processor. No function
# has less than one here: a start that takes ten times as long teaches nothing.
MEGABYTES_PER_PROCESSOR = 1769


class FunctionContainers:
    """Makes and removes them; knows nothing of invocations."""

    def __init__(
        self,
        engine: Engine,
        jobs_dir: Path,
        network: str,
        port: int,
        python_image: Callable[[], str],
        environment_of: Callable[[Owner], Mapping[str, str]],
    ) -> None:
        self._engine = engine
        self._jobs_dir = jobs_dir
        self._network = network
        self._port = port
        self._python_image = python_image
        self._environment_of = environment_of
        self._processors, _ = engine.capacity()

    def start(self, function: LiveFunction, identity: str, log_stream: str) -> str:
        """Have a container run, which will ask for work under the host name `identity`; returns its id.

        Raises EngineError, EntrypointError and ImageMissingError.
        """
        make_writable(self._scratch(function.key, identity))
        container_id = self._engine.create(self._spec(function, identity, log_stream))
        try:
            self._engine.start(container_id)
        except EngineError:
            # Nobody would know of it.
            self._engine.remove(container_id)
            raise
        return container_id

    def remove(self, function: LiveFunction, identity: str, container_id: str | None) -> None:
        """Remove a container, running or not, and what it left."""
        if container_id is not None:
            self._engine.remove(container_id)
        shutil.rmtree(self._scratch(function.key, identity).parent, ignore_errors=True)

    def memory_megabytes(self, container_id: str) -> int | None:
        """What a container has in use now."""
        used = self._engine.memory_used(container_id)
        return None if used is None else round(used / 1024**2)

    def _spec(self, function: LiveFunction, identity: str, log_stream: str) -> ContainerSpec:
        scratch = self._scratch(function.key, identity)
        mounts = [Mount(scratch.relative_to(self._jobs_dir).as_posix(), "/tmp")]
        image = function.code.image_id
        own = function.image_config
        command, directory = own.get("Command"), own.get("WorkingDirectory")
        if function.code.archive is not None:
            code = code_folder(self._jobs_dir, function.key, function.code.archive) / UNPACKED
            mounts.append(Mount(code.relative_to(self._jobs_dir).as_posix(), TASK_ROOT, is_read_only=True))
            image = self._python_image()
            command, directory = [function.configuration["Handler"]], TASK_ROOT
        return ContainerSpec(
            image=image or "",
            resource_arn=function.arn,
            host=identity,
            entrypoint=tuple(own["EntryPoint"]) if own.get("EntryPoint") else None,
            command=tuple(command) if command else None,
            working_directory=directory,
            environment=self._environment(function, identity, log_stream),
            mounts=tuple(mounts),
            limits=self._limits(function),
            network=self._network,
            hosts={identity: self._engine.address_on(self._network)},
            user=USER,
            is_confined=True,
        )

    def _environment(self, function: LiveFunction, identity: str, log_stream: str) -> dict[str, str]:
        """Developer guide, "Defined runtime environment variables", and how a client here reaches AWS."""
        runtime = function.configuration.get("Runtime")
        defined = {
            **self._environment_of(function.key.owner),
            "AWS_LAMBDA_RUNTIME_API": f"{identity}:{self._port}",
            "AWS_LAMBDA_FUNCTION_NAME": function.key.name,
            "AWS_LAMBDA_FUNCTION_VERSION": LATEST,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_megabytes),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": TASK_ROOT,
            "TZ": ":UTC",
        }
        if runtime is not None:
            defined |= {
                "_HANDLER": function.configuration["Handler"],
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
            }
        return {**function.variables, **defined} | {
            # An address of one's own is one's own affair.
            name: value
            for name, value in function.variables.items()
            if name.startswith("AWS_ENDPOINT_URL") or name == "TZ"
        }

    def _limits(self, function: LiveFunction) -> Limits:
        processors = max(1.0, function.memory_megabytes / MEGABYTES_PER_PROCESSOR)
        return Limits(
            cpus=min(processors, float(self._processors)),
            memory_bytes=function.memory_megabytes * 1024**2,
            pids=MOST_PROCESSES,
        )

    def _scratch(self, key: Key, identity: str) -> Path:
        return function_folder(self._jobs_dir, key) / "instances" / identity / "tmp"


def function_folder(jobs_dir: Path, key: Key) -> Path:
    """All files of a function."""
    return jobs_dir / Kind.FUNCTION.value / folder_name(key)


def code_folder(jobs_dir: Path, key: Key, archive: str) -> Path:
    """An archive of a function, and what was in it."""
    return function_folder(jobs_dir, key) / "code" / archive


def stream_name(identity: str, now: datetime | None = None) -> str:
    """The log stream of a container."""
    return f"{now or datetime.now(UTC):%Y/%m/%d}/[{LATEST}]{identity}"
