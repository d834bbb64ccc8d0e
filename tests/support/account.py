"""An account whose SageMaker is the control plane in the test's own process, for code of orchestration."""

from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws
from orchestration.settings import Settings


class NoLogs:
    """CloudWatch Logs where nothing has said anything yet."""

    def describe_log_streams(self, **_: Any) -> dict[str, Any]:
        error = {"Code": "ResourceNotFoundException", "Message": "The specified log group does not exist."}
        raise ClientError({"Error": error}, "DescribeLogStreams")


def account(sagemaker: Any) -> Aws:
    """Clients of that account; SageMaker's is `sagemaker`."""
    aws = Aws(Settings.from_environ({"SLIPWAY_ROLE_ARN": "arn:aws:iam::123456789012:role/any"}))
    # Where `Aws` keeps the clients that it has made.
    vars(aws).update(sagemaker=sagemaker, logs=NoLogs())
    return aws
