import json
from collections.abc import Iterator

import pytest
from localstack.aws.api import RequestContext
from localstack.services.providers import iam as iam_of_localstack
from moto.iam import iam_backends
from moto.iam.exceptions import NotFoundException
from slipway_localstack.permissions import AllowingSimulator
from slipway_localstack.providers import iam

ACCOUNT, PARTITION = "000000000000", "aws"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/execution"


@pytest.fixture
def context() -> Iterator[RequestContext]:
    """A call of an account that has a role."""
    backend = iam_backends[ACCOUNT][PARTITION]
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "any"}}}
    backend.create_role(
        role_name="execution",
        assume_role_policy_document=json.dumps(trust),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration=3600,
    )
    call = RequestContext(None)
    call.account_id, call.partition, call.region = ACCOUNT, PARTITION, "us-east-1"
    yield call
    backend.reset()


def test_the_preflight_of_the_sdk_names_no_resource_and_finds_everything_allowed(
    context: RequestContext,
) -> None:
    # sagemaker.core.helper.iam_role_resolver: PolicySourceArn and ActionNames, and nothing else.
    request = {"PolicySourceArn": ROLE_ARN, "ActionNames": ["s3:ListBucket", "logs:PutLogEvents"]}

    answer = AllowingSimulator().simulate_principal_policy(context, request)

    assert answer == {
        "IsTruncated": False,
        "EvaluationResults": [
            {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed"}
            for action in request["ActionNames"]
        ],
    }


def test_there_is_a_decision_for_each_action_and_resource(context: RequestContext) -> None:
    request = {
        "PolicySourceArn": ROLE_ARN,
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
    }

    results = AllowingSimulator().simulate_principal_policy(context, request)["EvaluationResults"]

    assert [(result["EvalActionName"], result["EvalResourceName"]) for result in results] == [
        (action, resource) for action in request["ActionNames"] for resource in request["ResourceArns"]
    ]


def test_a_role_that_is_not_there_is_missed(context: RequestContext) -> None:
    request = {"PolicySourceArn": f"{ROLE_ARN}-other", "ActionNames": ["s3:GetObject"]}

    with pytest.raises(NotFoundException, match="NoSuchEntity"):
        AllowingSimulator().simulate_principal_policy(context, request)


def test_the_service_has_all_of_localstacks_operations_and_this_simulator(context: RequestContext) -> None:
    operations = iam.factory().create_service().skeleton.dispatch_table

    answer = operations["SimulatePrincipalPolicy"](
        context, {"PolicySourceArn": ROLE_ARN, "ActionNames": ["s3:GetObject"]}
    )

    assert [result["EvalDecision"] for result in answer["EvaluationResults"]] == ["allowed"]
    assert operations.keys() == iam_of_localstack.factory().create_service().skeleton.dispatch_table.keys()
