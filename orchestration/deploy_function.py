"""The function that deploys approved versions, as one of a project's."""

from orchestration.clients import Aws
from orchestration.function import Function
from orchestration.names import (
    CAPTURED,
    bucket_name,
    deploy_function_name,
    endpoint_name,
    model_package_group_name,
)


def deploy_function(aws: Aws, project: str) -> Function:
    """The function of one project."""
    return Function(
        aws,
        deploy_function_name(project),
        f"Deploys the approved versions of {model_package_group_name(project)}",
        ("deploy",),
        {
            "ENDPOINT_NAME": endpoint_name(project),
            "MODEL_PACKAGE_GROUP_NAME": model_package_group_name(project),
            "ROLE_ARN": aws.settings.role_arn,
            "DATA_CAPTURE_URI": f"s3://{bucket_name(project)}/{CAPTURED}",
        },
    )
