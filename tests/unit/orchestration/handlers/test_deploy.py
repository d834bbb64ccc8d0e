"""The deploy function against the control plane's own checks; what executors do is done by hand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from slipway.resources.endpoint import failed
from slipway.resources.resource import Key, Kind

from orchestration.handlers import deploy
from orchestration.handlers.deploy import Deployer, EndpointIsChanging, Settings
from tests.support.endpoint_records import OWNER, EndpointRecords

GROUP = ENDPOINT = "slipway-bank"
SETTINGS = Settings(ENDPOINT, GROUP, "arn:aws:iam::123456789012:role/any", "s3://slipway-bank/captured")
KEY = Key(OWNER, Kind.ENDPOINT, ENDPOINT)


@dataclass(frozen=True)
class Bank:
    """A group with versions, and the function that deploys them."""

    records: EndpointRecords

    @property
    def client(self) -> Any:
        return self.records.client

    def version(self, status: str = "Approved") -> str:
        """A new version's ARN."""
        # The clock tells versions apart, as seconds do.
        self.records.plane.clock.move(1)
        arn: str = self.client.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [{"Image": "churn:1", "ModelDataUrl": "s3://b/model.tar.gz"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
                "SupportedRealtimeInferenceInstanceTypes": ["ml.t2.medium"],
            },
        )["ModelPackageArn"]
        return arn

    def set(self, arn: str, status: str) -> None:
        self.client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)

    def reconcile(self, is_decision: bool = True) -> Any:
        return Deployer(self.client, SETTINGS, wait=self._gone).reconcile(is_decision)

    def put_in_service(self) -> None:
        self.records.put_in_service(ENDPOINT)

    def fail(self) -> None:
        self.records.store.transition(KEY, lambda endpoint: failed(endpoint, "/ping never answered"))

    def in_service(self, status: str = "Approved") -> str:
        """A version that serves."""
        arn = self.version(status)
        self.reconcile()
        self.put_in_service()
        self.reconcile(is_decision=False)
        return arn

    def served(self) -> str:
        """The version that the endpoint's present configuration leads to."""
        config = self.client.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
        variant = self.client.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
        model = self.client.describe_model(ModelName=variant["ModelName"])
        arn: str = model["Containers"][0]["ModelPackageName"]
        return arn

    def names(self) -> tuple[list[str], list[str]]:
        """Every model and every configuration."""
        models = [item["ModelName"] for item in self.client.list_models()["Models"]]
        configs = self.client.list_endpoint_configs()["EndpointConfigs"]
        return models, [item["EndpointConfigName"] for item in configs]

    def _gone(self, _seconds: float) -> None:
        """The executor takes a deleted endpoint away while somebody waits."""
        self.records.store.delete(KEY)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    records = EndpointRecords(tmp_path)
    records.client.create_model_package_group(ModelPackageGroupName=GROUP)
    return Bank(records)


def test_the_first_approved_version_makes_the_endpoint(bank: Bank) -> None:
    arn = bank.version()

    outcome = bank.reconcile()

    assert outcome["action"] == "create"
    assert outcome["model_package"] == arn
    config = bank.client.describe_endpoint_config(EndpointConfigName=outcome["endpoint_config"])
    # The type that the version names, and every request and answer kept in the project's bucket.
    assert config["ProductionVariants"][0]["InstanceType"] == "ml.t2.medium"
    assert config["DataCaptureConfig"]["DestinationS3Uri"] == "s3://slipway-bank/captured"
    bank.put_in_service()
    assert bank.served() == arn


def test_a_newer_version_is_put_in_the_place_of_the_older_one_and_nothing_of_that_is_left(bank: Bank) -> None:
    bank.in_service()
    newer = bank.version()

    assert bank.reconcile()["action"] == "update"
    bank.put_in_service()
    bank.reconcile(is_decision=False)

    assert bank.served() == newer
    models, configs = bank.names()
    assert len(models) == len(configs) == 1


def test_what_others_have_made_is_left_alone(bank: Bank) -> None:
    bank.records.create_model("slipway-bank-other")
    bank.records.create_config("slipway-bank-2-mine", [variant_of("slipway-bank-other")])
    bank.in_service()

    models, configs = bank.names()

    assert "slipway-bank-other" in models
    assert "slipway-bank-2-mine" in configs


def variant_of(model: str) -> dict[str, Any]:
    return {
        "VariantName": "A",
        "ModelName": model,
        "InstanceType": "ml.t2.medium",
        "InitialInstanceCount": 1,
    }


def test_an_event_that_comes_twice_changes_nothing(bank: Bank) -> None:
    bank.in_service()

    assert bank.reconcile()["action"] == "nothing"


def test_rejecting_what_serves_goes_back_to_the_newest_that_is_still_approved(bank: Bank) -> None:
    bank.version()
    second = bank.in_service()
    third = bank.in_service()

    bank.set(third, "Rejected")
    assert bank.reconcile()["action"] == "update"
    bank.put_in_service()

    assert bank.served() == second


def test_rejecting_the_last_approved_version_takes_nothing_out_of_service(bank: Bank) -> None:
    only = bank.in_service()

    bank.set(only, "Rejected")

    assert bank.reconcile() == {
        "action": "nothing",
        "endpoint": ENDPOINT,
        "reason": "no version is Approved; what serves goes on",
        "endpoint_config": bank.names()[1][0],
    }
    assert bank.served() == only


def test_a_version_that_waits_for_a_decision_is_not_deployed(bank: Bank) -> None:
    bank.version("PendingManualApproval")

    assert bank.reconcile()["action"] == "nothing"
    assert bank.client.list_endpoints()["Endpoints"] == []


def test_approving_an_older_version_does_not_go_back_to_it(bank: Bank) -> None:
    older = bank.version("Rejected")
    newer = bank.in_service()

    bank.set(older, "Approved")
    bank.reconcile()

    assert bank.served() == newer


def test_a_decision_that_came_while_the_endpoint_was_changing_is_carried_out_when_it_has_changed(
    bank: Bank,
) -> None:
    bank.in_service()
    bank.version()
    bank.reconcile()
    third = bank.version()

    assert bank.reconcile()["action"] == "nothing"
    bank.put_in_service()
    assert bank.reconcile(is_decision=False)["action"] == "update"
    bank.put_in_service()

    assert bank.served() == third


def test_a_version_that_the_endpoint_refused_is_tried_again_only_when_somebody_decides(bank: Bank) -> None:
    first = bank.in_service()
    bank.version()
    bank.reconcile()
    # What an update that fails comes to: the old containers serve on.
    bank.records.store.transition(KEY, lambda endpoint: endpoint.in_status("InService"))

    assert bank.reconcile(is_decision=False)["action"] == "nothing"
    assert bank.served() == first
    assert bank.reconcile(is_decision=True)["action"] == "update"


def test_an_endpoint_that_failed_is_made_anew_by_the_next_decision(bank: Bank) -> None:
    bank.version()
    bank.reconcile()
    bank.fail()
    second = bank.version()

    assert bank.reconcile(is_decision=False)["action"] == "nothing"
    assert bank.reconcile()["action"] == "create"
    bank.put_in_service()

    assert bank.served() == second


def test_an_endpoint_that_somebody_deleted_stays_away_until_somebody_decides(bank: Bank) -> None:
    bank.in_service()
    bank.records.store.delete(KEY)

    assert bank.reconcile(is_decision=False)["action"] == "nothing"
    assert bank.client.list_endpoints()["Endpoints"] == []


def test_a_decision_during_a_deletion_is_to_be_tried_again(bank: Bank) -> None:
    bank.in_service()
    bank.version()
    bank.client.delete_endpoint(EndpointName=ENDPOINT)

    with pytest.raises(EndpointIsChanging, match="slipway-bank"):
        bank.reconcile()


def test_what_is_refused_for_another_reason_is_not_hidden(bank: Bank) -> None:
    bank.version()
    short = Settings(ENDPOINT, "no-such-group", SETTINGS.role_arn, SETTINGS.data_capture_uri)

    with pytest.raises(ClientError, match="no-such-group"):
        Deployer(bank.client, short).reconcile(is_decision=True)


def test_lambda_calls_it_with_an_event_and_finds_in_the_log_what_was_done(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = bank.version()
    for name, value in (
        ("ENDPOINT_NAME", ENDPOINT),
        ("MODEL_PACKAGE_GROUP_NAME", GROUP),
        ("ROLE_ARN", SETTINGS.role_arn),
        ("DATA_CAPTURE_URI", SETTINGS.data_capture_uri),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "client", lambda _service: bank.client)

    outcome = deploy.handler({"detail-type": "SageMaker Model Package State Change"}, None)

    assert outcome["model_package"] == arn
    assert capsys.readouterr().out.startswith("deploy.create {")
