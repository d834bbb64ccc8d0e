"""ARNs."""

import pytest
from slipway.resources.resource import Kind, Owner

OWNER = Owner("000000000000", "us-east-1")
SAGEMAKER = "arn:aws:sagemaker:us-east-1:000000000000"


@pytest.mark.parametrize(
    ("kind", "name", "arn"),
    [
        (Kind.TRAINING_JOB, "Mixed-Case", f"{SAGEMAKER}:training-job/mixed-case"),
        (Kind.FEATURE_GROUP, "Mixed-Case", f"{SAGEMAKER}:feature-group/mixed-case"),
        (Kind.MODEL_PACKAGE, "Group/1", f"{SAGEMAKER}:model-package/group/1"),
        (Kind.PIPELINE, "Mixed-Case", f"{SAGEMAKER}:pipeline/Mixed-Case"),
        (Kind.PIPELINE_EXECUTION, "Mixed/execution/abc", f"{SAGEMAKER}:pipeline/Mixed/execution/abc"),
        (Kind.FUNCTION, "Mixed", "arn:aws:lambda:us-east-1:000000000000:function:Mixed"),
    ],
)
def test_arns_have_names_in_lower_case_but_those_of_pipelines_and_other_services(
    kind: Kind, name: str, arn: str
) -> None:
    assert OWNER.arn(kind, name) == arn
