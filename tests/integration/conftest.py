"""S3 as staging sees it, and as a client that shares no code with it does."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from slipway.staging.s3 import S3, S3Clients

from tests.support.localstack import LocalStack
from tests.support.staging import OWNER, ROLE


@pytest.fixture(scope="session")
def s3_clients(localstack: LocalStack) -> Iterator[S3Clients]:
    """S3 for every owner."""
    made = S3Clients(localstack.endpoint_url, "test", "test")
    yield made
    made.close()


@pytest.fixture
def s3(s3_clients: S3Clients) -> S3:
    """S3 of the default account."""
    return s3_clients.of(OWNER, ROLE)


@pytest.fixture
def aws(localstack: LocalStack) -> Any:
    """A client that shares no code with what is tested."""
    return localstack.client("s3")


@pytest.fixture
def bucket(aws: Any) -> str:
    """An empty bucket."""
    name = f"staging-{uuid4().hex[:8]}"
    aws.create_bucket(Bucket=name)
    return name


@pytest.fixture
def put(aws: Any, bucket: str) -> Callable[..., None]:
    """Stores objects: put({"key": b"content"})."""

    def store(objects: dict[str, bytes]) -> None:
        for key, content in objects.items():
            aws.put_object(Bucket=bucket, Key=key, Body=content)

    return store
