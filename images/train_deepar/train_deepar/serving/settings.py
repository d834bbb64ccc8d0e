"""How an endpoint's processes are set up, from the variables SageMaker sets."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smcontract.failure import ContractError
from smcontract.hosting import HostingSettings

from train_deepar.configuration import Configuration
from train_deepar.media import MEDIA_TYPES

MEBIBYTE = 1024 * 1024
# InvokeEndpoint takes 6,291,456 bytes at most; a batch transform may ask for 100 MB.
DEFAULT_PAYLOAD_MB = 6
LARGEST_PAYLOAD_MB = 100
MOST_WORKERS = 256
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a caller may ask of the server, in bytes and seconds."""

    body_bytes: int = DEFAULT_PAYLOAD_MB * MEBIBYTE
    # SageMaker gives an invocation 60 s, its answer included.
    request_seconds: float = 60
    # Longer than load balancers keep a connection, so that it is they who close it.
    idle_seconds: int = 75
    # How long a caller may go on sending what has been refused already.
    linger_seconds: float = 5
    # SageMaker kills the container 30 s after SIGTERM.
    drain_seconds: int = 25


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """Everything the environment decides about serving.

    `media_type` is None where an answer has the format of its request.
    """

    port: int
    workers: int
    limits: Limits
    configuration: Configuration
    media_type: str | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ServingSettings":
        """The settings in `environ`. Raises ContractError for values that make no sense."""
        hosting = HostingSettings.from_environ(environ)
        return cls(
            port=hosting.bind_port,
            workers=_workers(environ),
            limits=Limits(body_bytes=payload_limit(hosting)),
            configuration=Configuration.from_environ(environ),
            media_type=_media_type(environ),
        )


def payload_limit(hosting: HostingSettings) -> int:
    """The longest body in bytes; 0 MB asks for streaming, so the largest is allowed."""
    megabytes = hosting.max_payload_mb
    if megabytes is None:
        megabytes = DEFAULT_PAYLOAD_MB
    return (megabytes or LARGEST_PAYLOAD_MB) * MEBIBYTE


def _media_type(environ: Mapping[str, str]) -> str | None:
    media_type = environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or None
    if media_type is not None and media_type not in MEDIA_TYPES:
        raise ContractError(
            f"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT={media_type!r} must be one of {', '.join(MEDIA_TYPES)}."
        )
    return media_type


def _workers(environ: Mapping[str, str]) -> int:
    text = environ.get("SAGEMAKER_MODEL_SERVER_WORKERS")
    if not text:
        return usable_cores()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_WORKERS:
        raise ContractError(
            f"SAGEMAKER_MODEL_SERVER_WORKERS={text!r} is not a whole number from 1 to {MOST_WORKERS}."
        )
    return int(text)


def usable_cores(quota_file: Path = CPU_QUOTA) -> int:
    """How many cores this container may keep busy: those it may run on, or its quota's worth of them."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = quota_file.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cores
    # "max 100000" where there is no quota (cgroup v2).
    return cores if quota == "max" else max(1, min(cores, math.ceil(int(quota) / int(period))))
