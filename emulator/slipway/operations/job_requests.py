"""What AWS checks of a job's request beyond the model; the texts are AWS's where they are known."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from slipway.errors import ResourceLimitExceeded, ValidationException
from slipway.resources.document import Document

S3_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", re.DOTALL)
PROCESSING_ROOT = PurePosixPath("/opt/ml/processing")
# AWS's default quota of instances for one job; here it guards the machine.
MOST_INSTANCES = 20


def require(parameters: Document, member: str, place: str) -> None:
    """Refuse a request without a member that the model leaves open for other uses of the call."""
    if member not in parameters:
        raise ValidationException(
            f"1 validation error detected: Value null at '{place}' failed to satisfy constraint: "
            "Member must not be null"
        )


def at_least_one(value: int, place: str) -> None:
    """Refuse zero of something."""
    if value < 1:
        raise ValidationException(
            f"1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )


def not_here(what: str, way_out: str) -> ValidationException:
    """The refusal of a part of a request that AWS carries out and we do not."""
    return ValidationException(f"{what} is not implemented by Slipway's control plane; {way_out}.")


def check_s3_uri(uri: str, what: str) -> None:
    """Refuse what is no address of an object."""
    if not S3_URI.fullmatch(uri):
        raise ValidationException(f"{what} '{uri}' is not a valid S3 URI; it must be s3://bucket/key.")


def check_unique(names: Iterable[str], text: str) -> None:
    """Refuse names that occur twice; `text` is told, with those names in brackets."""
    seen: set[str] = set()
    twice = []
    for name in names:
        if name in seen and name not in twice:
            twice.append(name)
        seen.add(name)
    if twice:
        raise ValidationException(f"{text}: [{', '.join(twice)}]")


def check_instances(instance_type: str, count: int, use: str) -> None:
    """Refuse more instances than anybody has here, in the words of a quota."""
    if count > MOST_INSTANCES:
        raise ResourceLimitExceeded(
            f"The account-level service limit '{instance_type} for {use} usage' is {MOST_INSTANCES} "
            f"Instances, with current utilization of 0 Instances and a request delta of {count} Instances. "
            "Please use AWS Service Quotas to request an increase for this quota."
        )


def check_local_path(path: str, what: str) -> None:
    """Refuse a path that is not below /opt/ml/processing."""
    parsed = PurePosixPath(path)
    if not parsed.is_relative_to(PROCESSING_ROOT) or parsed == PROCESSING_ROOT or ".." in parsed.parts:
        raise ValidationException(
            f"LocalPath '{path}' of {what} is not valid; it must begin with {PROCESSING_ROOT}/."
        )


def check_distinct_paths(paths: Iterable[str]) -> None:
    """Refuse two inputs or outputs at one place."""
    check_unique(
        (str(PurePosixPath(path)) for path in paths), "LocalPath must be different for each input and output"
    )
