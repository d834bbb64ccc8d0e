"""The control plane's registry as tests use it: a client whose answers are checked, refusals, versions."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.control_plane import ACCOUNT, REGION
from tests.support.output_shapes import complaints

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": {"A": "1"}}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
# A package without a group may have no environment.
SPECIFICATION_ALONE = {
    **SPECIFICATION,
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}],
}
PREFIX = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"


class Checked:
    """A client every answer of which is held against its operation's model."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            answer = getattr(self._client, name)(**parameters)
            assert complaints("sagemaker", self._client.meta.method_to_api_mapping[name], answer) == []
            return answer

        return call


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def version(sagemaker: Any, group: str = "churn", **parameters: Any) -> str:
    """A new version's ARN; its group is made where it is not there."""
    names = sagemaker.list_model_package_groups(MaxResults=100)["ModelPackageGroupSummaryList"]
    if group not in [one["ModelPackageGroupName"] for one in names]:
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    given = {"InferenceSpecification": SPECIFICATION, **parameters}
    answer = sagemaker.create_model_package(ModelPackageGroupName=group, **given)
    arn: str = answer["ModelPackageArn"]
    return arn
