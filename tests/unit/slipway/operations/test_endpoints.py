"""Endpoints as boto3 sees them: what is asked of the executor, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from slipway.resources.endpoint import deployment_of, failed
from slipway.resources.resource import Key, Kind, Resource

from tests.support.endpoint_records import OWNER, EndpointRecords, refused, variant

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/endpoint"
KEY = Key(OWNER, Kind.ENDPOINT, "endpoint")


@pytest.fixture
def records(tmp_path: Path) -> EndpointRecords:
    records = EndpointRecords(tmp_path)
    records.create_model("churn")
    records.create_config("config")
    return records


def create(records: EndpointRecords, config: str = "config") -> None:
    records.ask("CreateEndpoint", EndpointName="endpoint", EndpointConfigName=config)


def describe(records: EndpointRecords) -> dict[str, Any]:
    return records.ask("DescribeEndpoint", EndpointName="endpoint")


def row(records: EndpointRecords) -> Resource:
    endpoint = records.store.get(KEY)
    assert endpoint is not None
    return endpoint


def test_a_new_endpoint_is_creating_and_somebody_is_told(records: EndpointRecords) -> None:
    create(records)

    assert describe(records)["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in describe(records)
    assert records.submitted == [KEY]


def test_what_is_to_run_outlives_its_configuration_and_its_model(records: EndpointRecords) -> None:
    create(records)
    records.ask("DeleteEndpointConfig", EndpointConfigName="config")
    records.ask("DeleteModel", ModelName="churn")

    (planned,) = deployment_of(row(records), "target").variants
    assert (planned.name, planned.instance_count, planned.weight) == ("AllTraffic", 1, 1.0)
    assert [(each.name, each.image) for each in planned.containers] == [("primary", "churn:1")]


def test_in_service_everything_is_shown(records: EndpointRecords) -> None:
    capture = {
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://b/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    records.create_config("captured", DataCaptureConfig=capture)
    create(records, "captured")

    records.put_in_service()

    described = describe(records)
    assert described["EndpointStatus"] == "InService"
    (shown,) = described["ProductionVariants"]
    assert shown["DeployedImages"][0]["SpecifiedImage"] == "churn:1"
    counts = ("CurrentWeight", "DesiredWeight", "CurrentInstanceCount", "DesiredInstanceCount")
    assert [shown[name] for name in counts] == [1.0, 1.0, 1, 1]
    assert described["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 20,
        "DestinationS3Uri": "s3://b/capture",
        "KmsKeyId": "",
    }


def test_a_name_is_given_once(records: EndpointRecords) -> None:
    create(records)

    with refused(f'Cannot create already existing endpoint "{ARN}".'):
        create(records)
    assert records.submitted == [KEY]


def test_a_configuration_that_is_not_there_is_named(records: EndpointRecords) -> None:
    config_arn = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/gone"
    with refused(f'Could not find endpoint configuration "{config_arn}".'):
        create(records, "gone")


def test_a_model_that_is_gone_by_then_is_named(records: EndpointRecords) -> None:
    records.ask("DeleteModel", ModelName="churn")

    with refused('Could not find model "arn:aws:sagemaker:eu-west-1:123456789012:model/churn".'):
        create(records)


@pytest.mark.parametrize(
    "more",
    [
        {"ShadowProductionVariants": [variant("Shadow")]},
        {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/out"}}},
    ],
)
def test_what_is_not_served_here_says_so(records: EndpointRecords, more: dict[str, Any]) -> None:
    records.create_config("more", **more)

    with refused(next(iter(more)), code="NotImplemented"):
        create(records, "more")


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("DescribeEndpoint", {}),
        ("DeleteEndpoint", {}),
        ("UpdateEndpoint", {"EndpointConfigName": "config"}),
        (
            "UpdateEndpointWeightsAndCapacities",
            {"DesiredWeightsAndCapacities": [{"VariantName": "A", "DesiredWeight": 1.0}]},
        ),
    ],
)
def test_an_endpoint_that_is_not_there_is_named(
    records: EndpointRecords, operation: str, parameters: dict[str, Any]
) -> None:
    with refused(f'Could not find endpoint "{ARN}".'):
        records.ask(operation, EndpointName="endpoint", **parameters)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        # As AWS says it of deletion as well, by reports of clients that wait for it.
        ("DeleteEndpoint", {}),
        ("UpdateEndpoint", {"EndpointConfigName": "config"}),
        (
            "UpdateEndpointWeightsAndCapacities",
            {"DesiredWeightsAndCapacities": [{"VariantName": "AllTraffic", "DesiredWeight": 1.0}]},
        ),
    ],
)
def test_an_endpoint_at_work_is_left_alone(
    records: EndpointRecords, operation: str, parameters: dict[str, Any]
) -> None:
    create(records)

    with refused(f'Cannot update in-progress endpoint "{ARN}".'):
        records.ask(operation, EndpointName="endpoint", **parameters)
    assert describe(records)["EndpointStatus"] == "Creating"


def test_an_update_shows_what_serves_and_what_is_to_come(records: EndpointRecords) -> None:
    create(records)
    records.put_in_service()
    records.create_config("next", variants=[variant("Blue", InitialInstanceCount=2)])

    records.ask("UpdateEndpoint", EndpointName="endpoint", EndpointConfigName="next")

    described = describe(records)
    assert described["EndpointStatus"] == "Updating"
    assert described["EndpointConfigName"] == "config"
    assert described["PendingDeploymentSummary"]["EndpointConfigName"] == "next"
    target = deployment_of(row(records), "target")
    assert (target.revision, [each.name for each in target.variants]) == (2, ["Blue"])

    records.put_in_service()

    assert describe(records)["EndpointConfigName"] == "next"
    assert "PendingDeploymentSummary" not in describe(records)


@pytest.mark.parametrize(
    ("excluded", "weight", "count"),
    [([], 7.0, 3), (["DesiredWeight"], 1.0, 3), (["DesiredInstanceCount"], 7.0, 1)],
)
def test_an_update_may_retain_weights_and_counts(
    records: EndpointRecords, excluded: list[str], weight: float, count: int
) -> None:
    create(records)
    records.put_in_service()
    wish = {"VariantName": "AllTraffic", "DesiredWeight": 7.0, "DesiredInstanceCount": 3}
    records.ask(
        "UpdateEndpointWeightsAndCapacities", EndpointName="endpoint", DesiredWeightsAndCapacities=[wish]
    )
    records.put_in_service()
    records.create_config("next")

    records.ask(
        "UpdateEndpoint",
        EndpointName="endpoint",
        EndpointConfigName="next",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": name} for name in excluded],
    )

    (planned,) = deployment_of(row(records), "target").variants
    assert (planned.weight, planned.instance_count) == (weight, count)


def test_new_weights_are_desired_at_once_and_current_later(records: EndpointRecords) -> None:
    records.create_config("two", variants=[variant("A"), variant("B")])
    create(records, "two")
    records.put_in_service()
    wish = {"VariantName": "B", "DesiredWeight": 3.0, "DesiredInstanceCount": 2}

    records.ask(
        "UpdateEndpointWeightsAndCapacities", EndpointName="endpoint", DesiredWeightsAndCapacities=[wish]
    )

    before, shown = describe(records)["ProductionVariants"]
    assert (before["DesiredWeight"], before["DesiredInstanceCount"]) == (1.0, 1)
    assert (shown["CurrentWeight"], shown["DesiredWeight"]) == (1.0, 3.0)
    assert (shown["CurrentInstanceCount"], shown["DesiredInstanceCount"]) == (1, 2)
    # The same containers go on.
    assert deployment_of(row(records), "target").revision == 1

    records.put_in_service()

    shown = describe(records)["ProductionVariants"][1]
    assert (shown["CurrentWeight"], shown["CurrentInstanceCount"]) == (3.0, 2)


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        # The first two texts are those of moto's tests.
        (
            [{"VariantName": "Gone", "DesiredWeight": 1.0}],
            'The variant name(s) "Gone" is/are not present within endpoint configuration "config".',
        ),
        (
            [{"VariantName": "AllTraffic", "DesiredWeight": weight} for weight in (1.0, 2.0)],
            'The variant name "AllTraffic" was non-unique within the request.',
        ),
        ([{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}], "AllTraffic must be at least 1"),
    ],
)
def test_wishes_that_cannot_be_are_refused(
    records: EndpointRecords, wishes: list[dict[str, Any]], told: str
) -> None:
    create(records)
    records.put_in_service()

    with refused(told):
        records.ask(
            "UpdateEndpointWeightsAndCapacities", EndpointName="endpoint", DesiredWeightsAndCapacities=wishes
        )
    assert describe(records)["EndpointStatus"] == "InService"


def test_a_failed_endpoint_can_be_deleted_and_nothing_else(records: EndpointRecords) -> None:
    create(records)
    records.store.transition(KEY, lambda endpoint: failed(endpoint, "no such image"))
    assert describe(records)["FailureReason"] == "no such image"

    with refused("Failed"):
        records.ask("UpdateEndpoint", EndpointName="endpoint", EndpointConfigName="config")
    records.ask("DeleteEndpoint", EndpointName="endpoint")

    assert describe(records)["EndpointStatus"] == "Deleting"
    assert records.submitted == [KEY, KEY]


def test_lists_are_narrowed_by_status(records: EndpointRecords) -> None:
    create(records)
    records.put_in_service()
    records.ask("CreateEndpoint", EndpointName="other", EndpointConfigName="config")

    def names(**parameters: Any) -> list[str]:
        return [each["EndpointName"] for each in records.ask("ListEndpoints", **parameters)["Endpoints"]]

    assert names(StatusEquals="InService") == ["endpoint"]
    # The model on ListEndpoints' SortOrder: "The default is Descending".
    assert names() == ["other", "endpoint"]


@pytest.mark.parametrize(
    ("deployment_config", "named"),
    [
        ({"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}}, "AutoRollbackConfiguration"),
        (
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 60}
                }
            },
            "CANARY",
        ),
    ],
)
def test_another_way_of_going_over_is_refused_by_name(
    records: EndpointRecords, deployment_config: dict[str, Any], named: str
) -> None:
    create(records)
    records.put_in_service()

    with refused(named, code="NotImplemented"):
        records.ask(
            "UpdateEndpoint",
            EndpointName="endpoint",
            EndpointConfigName="config",
            DeploymentConfig=deployment_config,
        )


def test_going_over_all_at_once_is_remembered(records: EndpointRecords) -> None:
    create(records)
    records.put_in_service()
    policy = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    deployment_config = {"BlueGreenUpdatePolicy": policy}

    records.ask(
        "UpdateEndpoint",
        EndpointName="endpoint",
        EndpointConfigName="config",
        DeploymentConfig=deployment_config,
    )

    assert describe(records)["LastDeploymentConfig"] == deployment_config


def test_every_update_has_containers_of_its_own(records: EndpointRecords) -> None:
    create(records)
    revisions = []
    for _ in range(3):
        revisions.append(deployment_of(row(records), "target").revision)
        records.put_in_service()
        records.ask("UpdateEndpoint", EndpointName="endpoint", EndpointConfigName="config")

    assert revisions == [1, 2, 3]
