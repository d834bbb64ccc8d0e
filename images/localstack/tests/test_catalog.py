import sys
from collections.abc import Iterator

import pytest
from localstack.utils.catalog.common import (
    AwsServicesSupportInLatest,
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
)
from localstack.utils.catalog.plugins import get_aws_catalog
from slipway_localstack.catalog import OfflineCatalog

SOCKET_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname")


class Connections:
    """What the interpreter was asked to reach; a hook that cannot be removed is told when to look."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.looking = False
        sys.addaudithook(self.note)

    def note(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.looking and event in SOCKET_EVENTS:
            self.seen.append(f"{event} {arguments}")


CONNECTIONS = Connections()


@pytest.fixture
def connections() -> Iterator[list[str]]:
    CONNECTIONS.seen.clear()
    CONNECTIONS.looking = True
    yield CONNECTIONS.seen
    CONNECTIONS.looking = False


def test_localstack_takes_this_catalogue_and_reaches_for_nothing(connections: list[str]) -> None:
    get_aws_catalog.clear()

    chosen = get_aws_catalog()

    assert isinstance(chosen, OfflineCatalog)
    assert connections == []


def test_a_service_that_localstack_asks_about_is_one_that_is_not_there() -> None:
    catalog = OfflineCatalog()

    assert (
        catalog.get_aws_service_status("sagemaker", "ListModels") is AwsServicesSupportInLatest.NOT_SUPPORTED
    )
    assert catalog.get_aws_service_status("sagemaker") is AwsServicesSupportInLatest.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("resource_name", "service_name"), [("AWS::S3::Bucket", "s3"), ("AWS::SQS::Queue", "sqs")]
)
def test_a_resource_type_that_is_installed_is_available(resource_name: str, service_name: str) -> None:
    status = OfflineCatalog().get_cloudformation_resource_status(resource_name, service_name)

    assert status is CloudFormationResourcesSupportAtRuntime.AVAILABLE


@pytest.mark.parametrize(
    ("resource_name", "service_name"),
    [("AWS::SageMaker::Endpoint", "sagemaker"), ("AWS::S3::NoSuchThing", "s3"), ("Custom::Thing", "")],
)
def test_any_other_resource_type_is_not_supported(resource_name: str, service_name: str) -> None:
    status = OfflineCatalog().get_cloudformation_resource_status(resource_name, service_name)

    assert status is CloudFormationResourcesSupportInLatest.NOT_SUPPORTED
