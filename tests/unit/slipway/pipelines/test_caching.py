"""What makes two runs of a step the same work (developer guide, "Default cache key attributes")."""

from typing import Any

import pytest
from slipway.pipelines.caching import cache_key
from slipway.pipelines.definition import Step

from tests.support.pipeline_definitions import callback, function, processing, read, training

ON = {"Enabled": True}
PROCESSING = {
    "AppSpecification": {"ImageUri": "image:1", "ContainerArguments": ["--a", "1"]},
    "Environment": {"A": "1", "B": "2"},
    "ProcessingInputs": [{"InputName": "rows", "S3Input": {"S3Uri": "s3://b/rows"}}],
    "ProcessingOutputConfig": {"Outputs": [{"OutputName": "train"}]},
    "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1}},
    "RoleArn": "role",
    "NetworkConfig": {},
    "StoppingCondition": {},
    "ExperimentConfig": {},
    "Tags": [],
}
TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": "image:1"},
    "CheckpointConfig": {"S3Uri": "s3://b/c"},
    "DebugHookConfig": {"S3OutputPath": "s3://b/d"},
    "DebugRuleConfigurations": [{"RuleConfigurationName": "r"}],
    "Environment": {"A": "1"},
    "HyperParameters": {"eta": "0.1"},
    "InputDataConfig": [{"ChannelName": "train"}],
    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
    "ResourceConfig": {"InstanceCount": 1},
    "RoleArn": "role",
    "StoppingCondition": {},
    "VpcConfig": {},
}
PROCESSING_KEY = {"AppSpecification", "Environment", "ProcessingInputs"}
TRAINING_KEY = {
    *("AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations"),
    *("Environment", "HyperParameters", "InputDataConfig"),
}
CASES = [
    *[(processing("P", CacheConfig=ON), PROCESSING, name, name in PROCESSING_KEY) for name in PROCESSING],
    *[(training("T", CacheConfig=ON), TRAINING, name, name in TRAINING_KEY) for name in TRAINING],
]


def step_of(document: dict[str, Any]) -> Step:
    """A step, read."""
    return read(document).steps[document["Name"]]


@pytest.mark.parametrize(
    ("document", "arguments", "name", "counts"),
    CASES,
    ids=[f"{case[0]['Type']} {case[2]}" for case in CASES],
)
def test_a_member_counts_if_the_guide_lists_it(
    document: dict[str, Any], arguments: dict[str, Any], name: str, counts: bool
) -> None:
    step = step_of(document)
    key = cache_key(step, arguments)

    assert key is not None
    assert (cache_key(step, {**arguments, name: ["changed"]}) != key) is counts
    assert (cache_key(step, {**arguments, name: None}) != key) is counts


def test_the_order_of_members_does_not_count() -> None:
    step = step_of(processing("P", CacheConfig=ON))
    turned = {
        name: dict(reversed(value.items())) if isinstance(value, dict) else value
        for name, value in reversed(PROCESSING.items())
    }

    assert cache_key(step, turned) == cache_key(step, PROCESSING)


def test_the_order_of_lists_counts() -> None:
    step = step_of(processing("P", CacheConfig=ON))
    app = {"ImageUri": "image:1", "ContainerArguments": ["1", "--a"]}

    assert cache_key(step, {**PROCESSING, "AppSpecification": app}) != cache_key(step, PROCESSING)


def test_null_is_what_is_left_out() -> None:
    step = step_of(processing("P", CacheConfig=ON))
    without = {name: value for name, value in PROCESSING.items() if name != "Environment"}

    assert cache_key(step, {**without, "Environment": None}) == cache_key(step, without)


def test_an_empty_map_is_not_what_is_left_out() -> None:
    step = step_of(processing("P", CacheConfig=ON))

    assert cache_key(step, {"Environment": {}}) != cache_key(step, {})


def test_another_step_is_other_work() -> None:
    one, other = (step_of(processing(name, CacheConfig=ON)) for name in ("P", "Q"))

    assert cache_key(one, PROCESSING) != cache_key(other, PROCESSING)


def test_the_key_is_the_same_in_every_process() -> None:
    """It is kept in rows that outlive the process."""
    key = cache_key(step_of(processing("P", CacheConfig=ON)), {"Environment": {"ä": "1"}})

    # printf '["Processing","P",{"Environment":{"\\u00e4":"1"}}]' | sha256sum
    assert key == "73cecada118a939bf97b4c1dec3697b64a6b285b70442c362bb9189ec3a2a856"


@pytest.mark.parametrize("config", [None, {"Enabled": False}])
def test_without_caching_nothing_is_looked_up(config: Any) -> None:
    assert cache_key(step_of(processing("P", CacheConfig=config)), PROCESSING) is None


@pytest.mark.parametrize("document", [function("L", CacheConfig=ON), callback("C", CacheConfig=ON)])
def test_lambda_and_callback_results_are_never_looked_up(document: dict[str, Any]) -> None:
    assert cache_key(step_of(document), {}) is None
