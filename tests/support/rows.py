"""Rows for a store: resources that need no operation to be there."""

from typing import Any

from slipway.resources.resource import Key, Kind, Owner, Resource

OWNER = Owner("123456789012", "eu-west-1")


def job_key(name: str, owner: Owner = OWNER) -> Key:
    return Key(owner, Kind.PROCESSING_JOB, name)


def job(name: str, created_at: float = 1.0, status: str = "InProgress", **document: Any) -> Resource:
    return Resource(
        job_key(name), created_at, created_at, status, {"ProcessingJobStatus": status, **document}
    )
