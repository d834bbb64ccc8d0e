"""Retry policies and caching, as the developer guide bounds them."""

import math
from dataclasses import replace
from typing import Any

import pytest
from slipway.pipelines.definition import RetryPolicy

from tests.support.pipeline_definitions import read, refusal, training


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ({"Enabled": True}, math.inf),
        ({"Enabled": True, "ExpireAfter": "PT1H"}, 3600),
        ({"Enabled": False, "ExpireAfter": "PT1H"}, None),
        ({"ExpireAfter": "PT1H"}, None),
        (None, None),
    ],
)
def test_results_are_looked_up_where_caching_is_on(config: Any, seconds: float | None) -> None:
    assert read(training("T", CacheConfig=config)).steps["T"].cache_seconds == seconds


@pytest.mark.parametrize(
    "config", [{"Enabled": "true"}, {"Enabled": True, "ExpireAfter": "30 days"}, {"On": True}, True]
)
def test_a_wrong_cache_config_is_refused(config: Any) -> None:
    assert "CacheConfig" in refusal(training("T", CacheConfig=config))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, RetryPolicy(frozenset(), 1.0, 2.0, max_attempts=5)),
        ({"ExpireAfterMin": 5}, RetryPolicy(frozenset(), 1.0, 2.0, expire_after_minutes=5)),
        (
            {"IntervalSeconds": 43200, "BackoffRate": 1.5, "MaxAttempts": 20},
            RetryPolicy(frozenset(), 43200, 1.5, max_attempts=20),
        ),
        ({"ExpireAfterMin": 14400}, RetryPolicy(frozenset(), expire_after_minutes=14400)),
    ],
)
def test_retry_policies_have_the_guides_defaults_and_bounds(policy: Any, expected: RetryPolicy) -> None:
    types = ["Step.SERVICE_FAULT", "SageMaker.RESOURCE_LIMIT"]

    step = read(training("T", RetryPolicies=[{"ExceptionType": types, **policy}])).steps["T"]

    assert step.retry_policies == (replace(expected, exception_types=frozenset(types)),)


def test_one_exception_type_may_stand_for_a_list() -> None:
    step = read(training("T", RetryPolicies=[{"ExceptionType": "Step.THROTTLING"}])).steps["T"]

    assert step.retry_policies[0].exception_types == {"Step.THROTTLING"}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"ExceptionType": None}, "lacks ExceptionType"),
        ({"ExceptionType": []}, "is a list of"),
        ({"ExceptionType": ["SageMaker.Nope"]}, "not 'SageMaker.Nope'"),
        ({"ExceptionType": [1]}, "not 1"),
        ({"IntervalSeconds": 43201}, "from 0 to 43200"),
        ({"IntervalSeconds": -1}, "from 0 to 43200"),
        ({"IntervalSeconds": True}, "is a number"),
        ({"BackoffRate": "2"}, "is a number"),
        ({"MaxAttempts": 0}, "from 1 to 20"),
        ({"MaxAttempts": 21}, "from 1 to 20"),
        ({"MaxAttempts": 1.5}, "whole number"),
        ({"ExpireAfterMin": 14401}, "from 0 to 14400"),
        ({"MaxAttempts": 5, "ExpireAfterMin": 5}, "takes one of them"),
        ({"Attempts": 5}, "'Attempts'"),
    ],
)
def test_wrong_retry_policies_are_refused(policy: Any, reason: str) -> None:
    policies = [{"ExceptionType": ["Step.THROTTLING"], **policy}]

    assert reason in refusal(training("T", RetryPolicies=policies))
