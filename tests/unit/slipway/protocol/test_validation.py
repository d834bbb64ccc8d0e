"""Constraints are refused in the sentences that SageMaker itself answers with."""

from typing import Any

import pytest
from botocore.model import OperationModel
from slipway.errors import ValidationException
from slipway.protocol.service_model import SAGEMAKER, ServiceModels
from slipway.protocol.validation import validate

MODELS = ServiceModels()
TRAINING_JOB: dict[str, Any] = {
    "TrainingJobName": "job",
    "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "image"},
    "RoleArn": "arn:aws:iam::123456789012:role/service",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


def operation(name: str) -> OperationModel:
    found = MODELS.operation(SAGEMAKER, name)
    assert found is not None
    return found


def refusal(name: str, parameters: dict[str, Any]) -> str:
    with pytest.raises(ValidationException) as refused:
        validate(operation(name), parameters)
    return str(refused.value)


def test_a_request_that_keeps_every_constraint_is_let_through() -> None:
    validate(operation("CreateTrainingJob"), TRAINING_JOB)


def test_a_pattern() -> None:
    # aws-samples/mlops-sagemaker-github-actions, issue 6: ListTags with an empty ARN.
    assert refusal("ListTags", {"ResourceArn": ""}) == (
        "1 validation error detected: Value '' at 'resourceArn' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+"
    )


def test_a_nested_pattern() -> None:
    # aws/amazon-sagemaker-examples, issue 4843 (whose pattern was an older one).
    message = refusal(
        "CreateModelPackage",
        {
            "ValidationSpecification": {
                "ValidationRole": "AmazonSageMaker-ExecutionRole-20230901T123456",
                "ValidationProfiles": [],
            }
        },
    )

    assert (
        "Value 'AmazonSageMaker-ExecutionRole-20230901T123456' at 'validationSpecification.validationRole' "
        "failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws" in message
    )


def test_a_list_that_is_too_short() -> None:
    # aws-samples/aws-genai-llm-chatbot, issue 512.
    message = refusal(
        "CreateTrainingJob",
        {**TRAINING_JOB, "VpcConfig": {"SecurityGroupIds": [], "Subnets": ["subnet-1"]}},
    )

    assert message == (
        "1 validation error detected: Value '[]' at 'vpcConfig.securityGroupIds' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1"
    )


def test_a_map_with_too_many_entries_is_shown_as_java_shows_it() -> None:
    # aws/sagemaker-python-sdk, pull request 6016.
    hyperparameters = {f"key{number}": "1e-06" for number in range(101)}

    message = refusal("CreateTrainingJob", {**TRAINING_JOB, "HyperParameters": hyperparameters})

    assert message.startswith("1 validation error detected: Value '{key0=1e-06, key1=1e-06, ")
    assert message.endswith(
        "key100=1e-06}' at 'hyperParameters' failed to satisfy constraint: "
        "Member must have length less than or equal to 100"
    )


def test_a_value_of_a_map_is_told_with_every_constraint_of_its_type() -> None:
    # aws-samples/amazon-sagemaker-pytorch-detectron2, issue 10.
    long = "x" * 2501

    message = refusal("CreateTrainingJob", {**TRAINING_JOB, "HyperParameters": {"classes": long, "eta": "1"}})

    assert message == (
        f"1 validation error detected: Value '{{classes={long}, eta=1}}' at 'hyperParameters' failed to "
        "satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal "
        "to 2500, Member must have length greater than or equal to 0, Member must satisfy regular expression "
        "pattern: .*]"
    )


def test_a_key_of_a_map_is_told_likewise() -> None:
    message = refusal("CreateTrainingJob", {**TRAINING_JOB, "HyperParameters": {"k" * 257: "1"}})

    assert (
        "Map keys must satisfy constraint: [Member must have length less than or equal to 256, "
        "Member must have length greater than or equal to 0, "
        "Member must satisfy regular expression pattern: .*]"
    ) in message


def test_an_item_of_a_list_of_texts_is_told_with_every_constraint_of_its_type() -> None:
    # CreateStackInstances and RequestCertificate answer lists of texts in this form.
    message = refusal(
        "CreateTrainingJob",
        {**TRAINING_JOB, "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["good", "not good"]}},
    )

    assert message == (
        "1 validation error detected: Value '[good, not good]' at 'vpcConfig.subnets' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must have length less than or equal to 32, "
        "Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: "
        "[-0-9a-zA-Z]+]"
    )


def test_an_item_of_a_list_of_structures_has_its_number() -> None:
    message = refusal(
        "CreateTrainingJob",
        {**TRAINING_JOB, "Tags": [{"Key": "a", "Value": "b"}, {"Key": "", "Value": "b"}]},
    )

    assert message == (
        "1 validation error detected: Value '' at 'tags.2.member.key' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_an_enum_is_told_whole() -> None:
    message = refusal("ListTrainingJobs", {"SortOrder": "Sideways"})

    assert message == (
        "1 validation error detected: Value 'Sideways' at 'sortOrder' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Ascending, Descending]"
    )


def test_several_errors_are_counted_and_told_in_the_models_order() -> None:
    broken = {
        **TRAINING_JOB,
        "TrainingJobName": "-",
        "RoleArn": "arn:aws:iam::123456789012:role/service",
        "ResourceConfig": {"InstanceCount": -1, "InstanceType": "ml.none", "VolumeSizeInGB": 1},
    }
    del broken["StoppingCondition"], broken["OutputDataConfig"]

    message = refusal("CreateTrainingJob", broken)

    assert message.startswith("4 validation errors detected: Value '-' at 'trainingJobName' failed to ")
    places = [part.partition("at '")[2].partition("'")[0] for part in message.split("; Value ")]
    assert places == [
        "trainingJobName",
        "outputDataConfig",
        "resourceConfig.instanceType",
        "resourceConfig.instanceCount",
    ]


def test_what_must_be_there_and_is_not_is_null() -> None:
    assert refusal("DescribeTrainingJob", {}) == (
        "1 validation error detected: Value null at 'trainingJobName' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize("value", [0, 101])
def test_a_number_out_of_its_range(value: int) -> None:
    bound = "greater than or equal to 1" if value == 0 else "less than or equal to 100"

    assert refusal("ListTrainingJobs", {"MaxResults": value}) == (
        f"1 validation error detected: Value '{value}' at 'maxResults' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )
