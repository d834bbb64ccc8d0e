from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import RegistryError
from orchestration.model_registry import Registry, Version, chosen, newest_approved
from tests.support.account import account
from tests.support.control_plane import ControlPlane

VERSIONS = [
    Version(4, "arn:4", "PendingManualApproval"),
    Version(3, "arn:3", "PendingManualApproval"),
    Version(2, "arn:2", "Approved"),
    Version(1, "arn:1", "Rejected"),
]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(account(ControlPlane(tmp_path).client()), "bank")


def register(registry: Registry, **parameters: Any) -> str:
    arn: str = registry.aws.sagemaker.create_model_package(
        ModelPackageGroupName="slipway-bank",
        InferenceSpecification={
            "Containers": [{"Image": "churn:1"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **parameters,
    )["ModelPackageArn"]
    return arn


def test_without_a_number_the_newest_that_waits_is_meant() -> None:
    assert chosen(VERSIONS, "slipway-bank", None) == VERSIONS[0]


def test_a_number_means_that_version() -> None:
    assert chosen(VERSIONS, "slipway-bank", 1) == VERSIONS[3]


def test_a_number_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(
        RegistryError, match=r"slipway-bank has no version 9; there are: 4 Pending.*, 1 Rejec"
    ):
        chosen(VERSIONS, "slipway-bank", 9)


def test_where_none_waits_a_number_is_asked_for() -> None:
    with pytest.raises(RegistryError, match=r"no version .* waits .*VERSION=n .*: 2 Approved, 1 Rejected"):
        chosen(VERSIONS[2:], "slipway-bank", None)


def test_without_any_version_the_way_to_one_is_said() -> None:
    with pytest.raises(RegistryError, match="make run"):
        chosen([], "slipway-bank", None)


def test_the_endpoint_is_to_serve_the_newest_approved_version() -> None:
    assert newest_approved(VERSIONS) == VERSIONS[2]
    assert newest_approved(VERSIONS[3:]) is None


def test_a_group_is_made_once_and_has_no_version_at_first(registry: Registry) -> None:
    assert registry.versions() == []

    registry.ensure_group()
    registry.ensure_group()

    assert registry.versions() == []


def test_versions_are_listed_newest_first(registry: Registry) -> None:
    registry.ensure_group()
    for _ in range(3):
        register(registry)

    assert [version.number for version in registry.versions()] == [3, 2, 1]
    assert registry.versions()[0].status == "PendingManualApproval"


def test_a_decision_is_written_down_with_its_reason(registry: Registry) -> None:
    registry.ensure_group()
    version = registry.version(register(registry))

    decided = registry.decide(version, "Approved", "good enough")

    described = registry.describe(version.arn)
    assert decided.status == described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "good enough"


def test_what_is_so_already_is_not_decided_again(registry: Registry) -> None:
    registry.ensure_group()
    version = registry.version(register(registry, ModelApprovalStatus="Rejected"))

    with pytest.raises(RegistryError, match="version 1 of slipway-bank is Rejected already"):
        registry.decide(version, "Rejected", "again")
