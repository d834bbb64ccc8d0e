"""Waiting for a version to serve, against the control plane's operations; deploying is done by hand."""

from pathlib import Path

import pytest
from slipway.resources.endpoint import failed
from slipway.resources.resource import Key, Kind

from orchestration.endpoint import Endpoint, Serving
from orchestration.errors import DeploymentError
from tests.support.account import account
from tests.support.endpoint_records import OWNER, EndpointRecords, variant

NAME = "slipway-bank"
KEY = Key(OWNER, Kind.ENDPOINT, NAME)
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/slipway-bank/1"


@pytest.fixture
def records(tmp_path: Path) -> EndpointRecords:
    records = EndpointRecords(tmp_path)
    records.client.create_model_package_group(ModelPackageGroupName="slipway-bank")
    records.client.create_model_package(
        ModelPackageGroupName="slipway-bank",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": "churn:1"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    records.client.create_model(ModelName="one", Containers=[{"ModelPackageName": ARN}])
    records.create_config("one", [variant(model="one")])
    return records


@pytest.fixture
def endpoint(records: EndpointRecords) -> Endpoint:
    return Endpoint(account(records.client), "bank")


def test_the_version_is_found_behind_the_configuration(records: EndpointRecords, endpoint: Endpoint) -> None:
    assert endpoint.serving() is None
    records.client.create_endpoint(EndpointName=NAME, EndpointConfigName="one")
    assert endpoint.serving() == Serving("Creating", ARN)
    records.put_in_service(NAME)

    endpoint.wait_until_it_serves(ARN, begin_seconds=0, seconds=0)

    assert endpoint.serving() == Serving("InService", ARN)


def test_another_kind_of_model_is_no_version(records: EndpointRecords, endpoint: Endpoint) -> None:
    records.create_model("churn")
    records.create_config("config")
    records.client.create_endpoint(EndpointName=NAME, EndpointConfigName="config")

    assert endpoint.serving() == Serving("Creating", None)


def test_a_version_that_a_newer_one_has_overtaken_is_not_waited_for(
    records: EndpointRecords, endpoint: Endpoint
) -> None:
    records.client.create_endpoint(EndpointName=NAME, EndpointConfigName="one")
    records.put_in_service(NAME)

    with pytest.raises(DeploymentError, match=r"slipway-bank/1, which was approved after .*slipway-bank/0"):
        endpoint.wait_until_it_serves(ARN.replace("/1", "/0"), begin_seconds=60, seconds=60, is_new=True)


def test_going_back_to_an_older_version_waits_while_the_newer_one_serves(
    records: EndpointRecords, endpoint: Endpoint
) -> None:
    records.client.create_endpoint(EndpointName=NAME, EndpointConfigName="one")
    records.put_in_service(NAME)

    # Nothing begins: it is not the newer version that is complained of.
    with pytest.raises(DeploymentError, match="is not served after 0 s; the endpoint is InService"):
        endpoint.wait_until_it_serves(ARN.replace("/1", "/0"), begin_seconds=0, seconds=60)


def test_where_nobody_deploys_it_is_said_who_should_have_and_where_to_look(endpoint: Endpoint) -> None:
    with pytest.raises(DeploymentError) as raised:
        endpoint.wait_until_it_serves(ARN, begin_seconds=0, seconds=60)

    said = str(raised.value)
    assert "there is no endpoint" in said
    assert "slipway-bank-deploy" in said
    assert "/aws/lambda/slipway-bank-deploy" in said
    assert "slipway-bank-approval" in said


def test_a_deployment_that_fails_brings_its_reason(records: EndpointRecords, endpoint: Endpoint) -> None:
    records.client.create_endpoint(EndpointName=NAME, EndpointConfigName="one")
    describe = records.client.describe_endpoint

    def describe_once_more(**parameters: str) -> object:
        answer = describe(**parameters)
        if answer["EndpointStatus"] == "Creating":
            records.store.transition(KEY, lambda present: failed(present, "/ping never answered"))
        return answer

    endpoint.aws.sagemaker.describe_endpoint = describe_once_more

    with pytest.raises(DeploymentError, match="the endpoint is Failed, /ping never answered"):
        endpoint.wait_until_it_serves(ARN, begin_seconds=60, seconds=60)
