"""A LocalStack of the tests' own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from tests.support.containers import LABELS, on_loopback, wait_until

# Its reaper is an image from a registry that may be out of reach; every
# container here is removed by the block that started it.
testcontainers_config.ryuk_disabled = True
PORT = 4566
HEALTHY_SECONDS = 180


@dataclass(frozen=True, slots=True)
class LocalStack:
    """Where it answers."""

    container: Any
    endpoint_url: str

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of one of its services; `options` go before our own."""
        defaults = {
            "endpoint_url": self.endpoint_url,
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "config": Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        }
        return boto3.client(service, **defaults | options)


@contextmanager
def running_localstack(image: str, **environment: str) -> Iterator[LocalStack]:
    """LocalStack on a free port of the loopback interface, healthy by its own health check."""
    container = on_loopback(DockerContainer(image).with_envs(**environment), PORT)
    container.with_kwargs(labels=LABELS)
    with container:
        wrapped = container.get_wrapped_container()

        def healthy() -> bool | None:
            wrapped.reload()
            assert wrapped.status in ("created", "running"), wrapped.logs().decode()
            return True if wrapped.attrs["State"].get("Health", {}).get("Status") == "healthy" else None

        wait_until(healthy, "LocalStack to be healthy", HEALTHY_SECONDS)
        yield LocalStack(wrapped, f"http://127.0.0.1:{container.get_exposed_port(PORT)}")
