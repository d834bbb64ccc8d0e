"""A session of the AWS CLI, version 1: a trained model, registered and behind an endpoint that changes."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.aws_cli import ROLE, AwsCli
from tests.support.containers import wait_until
from tests.support.localstack_calls import fresh
from tests.support.train_xgb_data import TEST_CLIENTS

ARN = "arn:aws:sagemaker:us-east-1:000000000000"
FEW = TEST_CLIENTS[:3]


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint, and what it is made of."""

    endpoint: str
    endpoint_config: str
    model: str


@pytest.fixture(scope="module")
def served(aws: AwsCli, trained: dict[str, Any], train_xgb_image: str) -> Served:
    """The trained model behind an endpoint of two variants, waited for as the CLI waits."""
    name = fresh("cli-served")
    served = Served(name, f"{name}-config", f"{name}-model")
    artifact = trained["ModelArtifacts"]["S3ModelArtifacts"]
    aws(
        *("sagemaker", "create-model"),
        model_name=served.model,
        execution_role_arn=ROLE,
        primary_container={"Image": train_xgb_image, "ModelDataUrl": artifact},
    )
    create_endpoint_config(aws, served.endpoint_config, served.model, one=1.0, two=0.0)
    aws(
        *("sagemaker", "create-endpoint"),
        endpoint_name=name,
        endpoint_config_name=served.endpoint_config,
    )
    aws("sagemaker", "wait", "endpoint-in-service", endpoint_name=name)
    return served


def create_endpoint_config(aws: AwsCli, name: str, model: str, **weights: float) -> None:
    """A configuration with a variant of the model for each weight."""
    aws(
        *("sagemaker", "create-endpoint-config"),
        endpoint_config_name=name,
        production_variants=[
            {
                "VariantName": variant,
                "ModelName": model,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "InitialVariantWeight": weight,
            }
            for variant, weight in weights.items()
        ],
    )


def invoke(aws: AwsCli, served: Served, body: str, content_type: str) -> tuple[dict[str, Any], str]:
    """What invoke-endpoint prints, and what it writes."""
    (aws.folder / "body").write_text(body, encoding="utf-8")
    printed = aws(
        *("sagemaker-runtime", "invoke-endpoint", "answer"),
        endpoint_name=served.endpoint,
        body="fileb://body",
        content_type=content_type,
        accept="application/json",
    )
    return printed, (aws.folder / "answer").read_text("utf-8")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", "".join(row.encoded_line() for row in FEW)),
        ("application/json", json.dumps({"instances": [row.raw() for row in FEW]})),
    ],
    ids=["csv", "json"],
)
def test_an_endpoint_answers(aws: AwsCli, served: Served, content_type: str, body: str) -> None:
    printed, answer = invoke(aws, served, body, content_type)

    assert printed == {"ContentType": "application/json", "InvokedProductionVariant": "one"}
    assert len(json.loads(answer)["predictions"]) == len(FEW)


def test_an_endpoints_weights_and_its_configuration_can_be_changed(aws: AwsCli, served: Served) -> None:
    body = FEW[0].encoded_line()

    aws(
        *("sagemaker", "update-endpoint-weights-and-capacities"),
        endpoint_name=served.endpoint,
        desired_weights_and_capacities=[
            {"VariantName": "one", "DesiredWeight": 0},
            {"VariantName": "two", "DesiredWeight": 2},
        ],
    )
    in_service(aws, served)
    weighed, _ = invoke(aws, served, body, "text/csv")
    create_endpoint_config(aws, f"{served.endpoint_config}-2", served.model, three=1.0)
    aws(
        *("sagemaker", "update-endpoint"),
        endpoint_name=served.endpoint,
        endpoint_config_name=f"{served.endpoint_config}-2",
    )
    described = in_service(aws, served)
    updated, _ = invoke(aws, served, body, "text/csv")

    assert weighed["InvokedProductionVariant"] == "two"
    assert updated["InvokedProductionVariant"] == "three"
    assert described["EndpointConfigName"] == f"{served.endpoint_config}-2"
    assert [variant["VariantName"] for variant in described["ProductionVariants"]] == ["three"]


def in_service(aws: AwsCli, served: Served) -> dict[str, Any]:
    """What describe-endpoint says once the change is through."""

    def described() -> dict[str, Any] | None:
        endpoint: dict[str, Any] = aws("sagemaker", "describe-endpoint", endpoint_name=served.endpoint)
        return endpoint if endpoint["EndpointStatus"] == "InService" else None

    return wait_until(described, "the endpoint to be in service again", 120)


def test_what_serves_is_listed_newest_first_and_deleted(aws: AwsCli, served: Served) -> None:
    configs = aws("sagemaker", "list-endpoint-configs", name_contains=served.endpoint)["EndpointConfigs"]
    models = aws("sagemaker", "list-models", name_contains=served.endpoint)["Models"]
    endpoints = aws("sagemaker", "list-endpoints", name_contains=served.endpoint, status_equals="InService")[
        "Endpoints"
    ]

    aws("sagemaker", "delete-endpoint", endpoint_name=served.endpoint)

    def gone() -> bool | None:
        listed = aws("sagemaker", "list-endpoints", name_contains=served.endpoint)["Endpoints"]
        return True if not listed else None

    wait_until(gone, "the endpoint to be gone")
    aws("sagemaker", "wait", "endpoint-deleted", endpoint_name=served.endpoint)
    for config in configs:
        aws("sagemaker", "delete-endpoint-config", endpoint_config_name=config["EndpointConfigName"])
    aws("sagemaker", "delete-model", model_name=served.model)
    missing = aws.refused("sagemaker", "describe-model", model_name=served.model)
    unanswered = aws.refused(
        "sagemaker-runtime", "invoke-endpoint", "answer", endpoint_name=served.endpoint, body="1"
    )

    # The model on SortOrder: "The default is Descending".
    assert [config["EndpointConfigName"] for config in configs] == [
        f"{served.endpoint_config}-2",
        served.endpoint_config,
    ]
    assert [model["ModelName"] for model in models] == [served.model]
    assert [endpoint["EndpointStatus"] for endpoint in endpoints] == ["InService"]
    assert missing.message.endswith(f'Could not find model "{ARN}:model/{served.model}".')
    assert unanswered.message.endswith(
        f"(ValidationError) when calling the InvokeEndpoint operation: "
        f"Endpoint {served.endpoint} of account 000000000000 not found."
    )


def test_a_model_is_registered_approved_and_taken_back(aws: AwsCli, train_xgb_image: str) -> None:
    group = fresh("cli-group")
    specification = {
        "Containers": [{"Image": train_xgb_image, "ModelDataUrl": "s3://any/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    aws("sagemaker", "create-model-package-group", model_package_group_name=group)
    arns = [
        aws(
            *("sagemaker", "create-model-package"),
            model_package_group_name=group,
            inference_specification=specification,
        )["ModelPackageArn"]
        for _ in range(2)
    ]

    aws(
        *("sagemaker", "update-model-package"),
        model_package_arn=arns[1],
        model_approval_status="Approved",
        approval_description="good enough",
    )
    described = aws("sagemaker", "describe-model-package", model_package_name=arns[1])
    approved = aws(
        *("sagemaker", "list-model-packages"),
        model_package_group_name=group,
        model_approval_status="Approved",
    )["ModelPackageSummaryList"]
    both = aws("sagemaker", "batch-describe-model-package", model_package_arn_list=[*arns, f"{arns[0]}00"])
    early = aws.refused("sagemaker", "delete-model-package-group", model_package_group_name=group)
    for arn in arns:
        aws("sagemaker", "delete-model-package", model_package_name=arn)
    aws("sagemaker", "delete-model-package-group", model_package_group_name=group)
    late = aws.refused("sagemaker", "describe-model-package-group", model_package_group_name=group)

    assert arns == [f"{ARN}:model-package/{group}/{version}" for version in (1, 2)]
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "good enough"
    assert described["InferenceSpecification"] == specification
    assert [package["ModelPackageVersion"] for package in approved] == [2]
    assert {arn: found["ModelApprovalStatus"] for arn, found in both["ModelPackageSummaries"].items()} == {
        arns[0]: "PendingManualApproval",
        arns[1]: "Approved",
    }
    assert list(both["BatchDescribeModelPackageErrorMap"]) == [f"{arns[0]}00"]
    assert (early.exit_code, "(ConflictException)" in early.message) == (255, True)
    assert late.message.endswith(f"ModelPackageGroup {ARN}:model-package-group/{group} does not exist.")
