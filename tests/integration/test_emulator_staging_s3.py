"""Whose calls of S3 staging makes, and an S3 that is away for a while."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slipway.resources.resource import Owner
from slipway.staging import processing_outputs
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3Clients

from tests.support.forwarder import forwarding, port_of
from tests.support.localstack import LocalStack
from tests.support.staging import MEGABYTE, OWNER, an_output, channel, staged, stored, write


def test_each_account_signs_with_its_own_id_and_the_default_one_with_the_configured_key() -> None:
    # LocalStack's rule: an access key of twelve digits is the account.
    with forwarding(None) as recorded:
        clients = S3Clients(
            f"http://127.0.0.1:{recorded.port}", "configured", "secret", wait=recorded.give_up
        )
        for account, region in (("000000000000", "us-east-1"), ("111122223333", "eu-west-1")):
            with pytest.raises(RuntimeError, match="given up"):
                clients.of(Owner(account, region)).read("bucket", "key")
        clients.close()

    assert "Credential=configured/" in recorded.said[0]
    assert "/us-east-1/s3/" in recorded.said[0]
    assert "Credential=111122223333/" in recorded.said[1]
    assert "/eu-west-1/s3/" in recorded.said[1]


def test_an_s3_that_is_away_for_half_a_minute_is_waited_for(
    localstack: LocalStack, aws: Any, bucket: str, tmp_path: Path
) -> None:
    waited: list[float] = []
    with forwarding(port_of(localstack.endpoint_url), is_listening=False) as way:

        def wait(seconds: float) -> None:
            waited.append(seconds)
            if sum(waited) >= 30:
                way.listen()

        clients = S3Clients(f"http://127.0.0.1:{way.port}", "test", "test", wait=wait)
        folder = write(tmp_path / "out", {"a.csv": b"1"})
        processing_outputs.upload_output(clients.of(OWNER), an_output(bucket), [folder])
        clients.close()

    assert stored(aws, bucket) == {"out/a.csv": b"1"}
    assert sum(waited) >= 30


def test_an_s3_that_stays_away_is_named(tmp_path: Path) -> None:
    clients = S3Clients("http://127.0.0.1:9", "test", "test", wait=lambda _seconds: None)

    with pytest.raises(StagingError, match=r"InternalServerError: S3 does not answer at http://127.0.0.1:9"):
        clients.of(OWNER).read("bucket", "key")
    clients.close()


def test_a_connection_that_breaks_in_the_middle_of_an_object_is_made_again(
    localstack: LocalStack, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    content = os.urandom(4 * MEGABYTE)
    put({"data/large": content})
    waited: list[float] = []
    # The listing passes whole; the first connection ends within the object.
    with forwarding(port_of(localstack.endpoint_url), cut_first_after=MEGABYTE) as way:
        clients = S3Clients(f"http://127.0.0.1:{way.port}", "test", "test", wait=waited.append)
        found = staged(clients.of(OWNER), channel(f"s3://{bucket}/data/"), tmp_path / "train")
        clients.close()

    assert found == {"large": content}
    assert waited
