"""What starts without anybody's hand: new rows start the pipeline, decisions deploy.

Rules of EventBridge, each set up again without harm.
"""

from dataclasses import dataclass
from typing import Any

from orchestration.clients import Aws
from orchestration.deploy_function import deploy_function
from orchestration.names import (
    DATA_PARAMETERS,
    INCOMING,
    bucket_name,
    endpoint_name,
    model_package_group_name,
)
from orchestration.rules import ensure_call, ensure_rule

# Where an event of S3 says which object it is about.
DATA_PATHS = ("$.detail.bucket.name", "$.detail.object.key", "$.detail.object.version-id")


@dataclass(frozen=True, slots=True)
class Triggers:
    """The rules of one project."""

    aws: Aws
    project: str

    def ensure(self, pipeline_arn: str) -> None:
        """Set up what is not there, and leave the rest as it is."""
        self._tell_of_new_objects()
        self._ensure_incoming(pipeline_arn)
        function = deploy_function(self.aws, self.project)
        function_arn = function.ensure()
        for suffix, pattern in self._decisions().items():
            ensure_call(self.aws, self._name(suffix), pattern, "deploy", function, function_arn)

    @property
    def incoming_uri(self) -> str:
        """Where an object starts the pipeline."""
        return f"s3://{bucket_name(self.project)}/{INCOMING}"

    def _tell_of_new_objects(self) -> None:
        """Have the bucket's events sent to EventBridge; what else it notifies is kept."""
        bucket = bucket_name(self.project)
        present = self.aws.s3.get_bucket_notification_configuration(Bucket=bucket)
        present.pop("ResponseMetadata", None)
        if "EventBridgeConfiguration" not in present:
            self.aws.s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={**present, "EventBridgeConfiguration": {}}
            )

    def _ensure_incoming(self, pipeline_arn: str) -> None:
        ensure_rule(
            self.aws,
            self._name("incoming"),
            {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [bucket_name(self.project)]},
                    "object": {"key": [{"prefix": INCOMING}]},
                },
            },
            {
                "Id": "pipeline",
                "Arn": pipeline_arn,
                "RoleArn": self.aws.settings.role_arn,
                "SageMakerPipelineParameters": {
                    "PipelineParameterList": [
                        {"Name": name, "Value": path}
                        for name, path in zip(DATA_PARAMETERS, DATA_PATHS, strict=True)
                    ]
                },
            },
        )

    def _decisions(self) -> dict[str, dict[str, Any]]:
        return {
            "approval": {
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Model Package State Change"],
                "detail": {
                    "ModelPackageGroupName": [model_package_group_name(self.project)],
                    "ModelApprovalStatus": ["Approved", "Rejected"],
                },
            },
            # A decision that came while the endpoint was changing is carried out then.
            "endpoint": {
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Endpoint State Change"],
                "detail": {
                    "EndpointName": [endpoint_name(self.project)],
                    "EndpointStatus": ["IN_SERVICE"],
                },
            },
        }

    def _name(self, suffix: str) -> str:
        return f"slipway-{self.project}-{suffix}"
