"""Clients of AWS, and what its refusals mean for the owner of a job."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

# Calls of the feature store side by side; each has a connection of its own.
CONNECTIONS = 4
ATTEMPTS = 8
_LOOK_SECONDS = 0.2

T = TypeVar("T")


def client(service: str) -> Any:
    """A client that may be shared by threads, and that tries again what was throttled or lost."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        connect_timeout=10,
        read_timeout=60,
        # Half of a call of a thousand values; what is asked is made here, and AWS checks it too.
        parameter_validation=False,
    )
    # SageMaker tells a job its region by the first name, boto3 knows the second alone.
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return boto3.client(service, region_name=region, config=config)


@contextmanager
def told_by_aws(what: str) -> Iterator[None]:
    """Turn a refusal into what the job's owner can read; `what` was being done."""
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise ContractError(
            f"{what}: {error.operation_name} answered {told['Code']}: {told['Message']}"
        ) from error
    except BotoCoreError as error:
        raise ContractError(
            f"{what}: {error}; check the job's region, credentials and way to AWS."
        ) from error


def is_refused_as(error: ClientError, code: str) -> bool:
    """Whether AWS answered with this code."""
    return bool(error.response["Error"]["Code"] == code)


def wait_for(look: Callable[[], T | None], stop: StopSignal, seconds: float, pause: float) -> T | None:
    """What `look` returns once it is not None, asked every `pause` seconds; None after `seconds`.

    Raises ContractError once the job was told to stop.
    """
    deadline = time.monotonic() + seconds
    while (seen := look()) is None:
        if (now := time.monotonic()) >= deadline:
            return None
        next_look = min(now + pause, deadline)
        while (left := next_look - time.monotonic()) > 0:
            refuse_to_go_on(stop)
            time.sleep(min(left, _LOOK_SECONDS))
    return seen


def refuse_to_go_on(stop: StopSignal, so_far: str = "") -> None:
    """Raise ContractError once the job was told to stop; `so_far` says what will not be lost."""
    if stop.requested:
        done = f" {so_far}," if so_far else ""
        raise ContractError(f"stopped by {stop.name}{done} before all was done; start the job again.")
