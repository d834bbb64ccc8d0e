"""Expected shapes: developer guide, "Events that Amazon SageMaker AI sends to Amazon EventBridge"."""

from typing import Any

import pytest
from slipway.events.state_change import event_of, nothing_of
from slipway.resources.resource import Key, Kind, Owner, Resource

OWNER = Owner("123456789012", "us-east-1")
MOMENT = 1583831889.05


def resource(kind: Kind, status: str, document: dict[str, Any]) -> Resource:
    return Resource(Key(OWNER, kind, "x"), MOMENT, MOMENT, status, document)


def training_job(status: str, secondary: str, **more: Any) -> Resource:
    return resource(
        Kind.TRAINING_JOB,
        status,
        {
            "TrainingJobName": "x",
            "TrainingJobStatus": status,
            "SecondaryStatus": secondary,
            "HyperParameters": {"eta": "0.1"},
            "CreationTime": MOMENT,
            "SecondaryStatusTransitions": [{"Status": "Starting", "StartTime": MOMENT}],
            "BillableTimeInSeconds": 3,
            **more,
        },
    )


def model_package(**more: Any) -> Resource:
    document = {
        "ModelPackageGroupName": "group",
        "ModelPackageVersion": 2,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "PendingManualApproval",
        "CreationTime": MOMENT,
        **more,
    }
    return resource(Kind.MODEL_PACKAGE, "Completed", document)


def test_a_training_job_tells_times_as_strings_of_milliseconds() -> None:
    event = event_of(None, training_job("InProgress", "Starting"))

    assert event is not None
    assert event.detail_type == "SageMaker Training Job State Change"
    assert event.detail == {
        "TrainingJobName": "x",
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "HyperParameters": {"eta": "0.1"},
        "CreationTime": "1583831889050",
        "SecondaryStatusTransitions": [{"Status": "Starting", "StartTime": "1583831889050"}],
        "Tags": {},
    }


def test_a_failure_comes_with_its_reason() -> None:
    before = training_job("InProgress", "Training")

    event = event_of(before, training_job("Failed", "Failed", FailureReason="AlgorithmError: no rows"))

    assert event is not None
    assert event.detail["FailureReason"] == "AlgorithmError: no rows"


def test_a_secondary_status_is_told_too() -> None:
    before = training_job("InProgress", "Starting")

    assert event_of(before, training_job("InProgress", "Downloading")) is not None


def test_a_change_that_is_no_status_is_not_told() -> None:
    before = training_job("InProgress", "Training")

    assert event_of(before, training_job("InProgress", "Training", BillableTimeInSeconds=9)) is None


def test_a_processing_job_tells_what_its_siblings_do() -> None:
    document = {
        "ProcessingJobName": "x",
        "ProcessingJobStatus": "Completed",
        "ExitMessage": "done",
        "ProcessingEndTime": MOMENT,
        "ExperimentConfig": {},
    }

    event = event_of(None, resource(Kind.PROCESSING_JOB, "Completed", document))

    assert event is not None
    assert event.detail_type == "SageMaker Processing Job State Change"
    assert event.detail == {
        "ProcessingJobName": "x",
        "ProcessingJobStatus": "Completed",
        "ExitMessage": "done",
        "ProcessingEndTime": 1583831889050,
        "Tags": {},
    }


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("InService", "IN_SERVICE"),
        ("Creating", "CREATING"),
        ("UpdateRollbackFailed", "UPDATE_ROLLBACK_FAILED"),
        ("OutOfService", "OUT_OF_SERVICE"),
    ],
)
def test_an_endpoint_tells_its_status_in_capitals_and_times_as_numbers(status: str, told: str) -> None:
    document = {
        "EndpointName": "x",
        "EndpointStatus": status,
        "CreationTime": MOMENT,
        "ProductionVariants": [
            {
                "VariantName": "v",
                "DesiredWeight": 1.0,
                "DeployedImages": [{"SpecifiedImage": "i", "ResolutionTime": MOMENT}],
            }
        ],
    }

    event = event_of(None, resource(Kind.ENDPOINT, status, document))

    assert event is not None
    assert event.detail_type == "SageMaker Endpoint State Change"
    assert event.detail == {
        "EndpointName": "x",
        "EndpointStatus": told,
        "CreationTime": 1583831889050,
        "ProductionVariants": [
            {
                "VariantName": "v",
                "DesiredWeight": 1.0,
                "DeployedImages": [{"SpecifiedImage": "i", "ResolutionTime": 1583831889050}],
            }
        ],
        "Tags": {},
    }


def test_a_model_package_tells_times_as_dates_and_its_version_as_a_number() -> None:
    event = event_of(None, model_package())

    assert event is not None
    assert event.detail_type == "SageMaker Model Package State Change"
    assert event.detail == {
        "ModelPackageGroupName": "group",
        "ModelPackageVersion": 2,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "PendingManualApproval",
        "CreationTime": "2020-03-10T09:18:09Z",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"ModelApprovalStatus": "Approved"},
        {"ModelLifeCycle": {"Stage": "Production", "StageStatus": "Deployed"}},
        {"CustomerMetadataProperties": {"k": "v"}},
    ],
)
def test_every_change_of_a_model_package_is_told(change: dict[str, Any]) -> None:
    event = event_of(model_package(), model_package(**change))

    assert event is not None
    assert change.items() <= event.detail.items()


def test_a_model_package_that_was_only_touched_is_not_told() -> None:
    assert event_of(model_package(), model_package(LastModifiedTime=MOMENT + 1)) is None


@pytest.mark.parametrize("kind", [Kind.MODEL, Kind.ENDPOINT_CONFIG, Kind.MODEL_PACKAGE_GROUP])
def test_of_the_others_nothing_is_told(kind: Kind) -> None:
    assert event_of(None, resource(kind, "", {})) is None


def test_where_nobody_listens_nothing_is_owed() -> None:
    assert nothing_of(None, training_job("InProgress", "Starting")) == ()


def test_a_feature_group_tells_each_of_its_statuses() -> None:
    document = {
        "FeatureGroupName": "x",
        "FeatureGroupStatus": "Created",
        "CreationTime": MOMENT,
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        "ThroughputConfig": {"ThroughputMode": "OnDemand"},
    }
    before = resource(Kind.FEATURE_GROUP, "Creating", document)
    after = resource(Kind.FEATURE_GROUP, "Created", document)

    event = event_of(before, after)

    assert event is not None
    assert event.detail_type == "SageMaker Feature Group State Change"
    assert event.detail == {
        "FeatureGroupName": "x",
        "FeatureGroupStatus": "Created",
        "CreationTime": 1583831889050,
        "OnlineStoreConfig": {"EnableOnlineStore": True},
    }
    assert event_of(after, after.with_document({"Description": "told to nobody"})) is None
