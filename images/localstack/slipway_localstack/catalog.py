"""Which services and CloudFormation types there are, answered from what is installed."""

from localstack.utils.catalog.catalog import CatalogPlugin
from localstack.utils.catalog.common import (
    AwsServicesSupportInLatest,
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
)


class OfflineCatalog(CatalogPlugin):
    """The catalogue that LocalStack consults before it refuses a call, and before every stack.

    LocalStack's own fetches its vendor's list of the latest release, without a
    time limit: a machine whose network drops such traffic would wait for ever.
    """

    name = "aws-catalog-remote-state-with-license"

    def get_aws_service_status(
        self,
        service_name: str,  # noqa: ARG002 - LocalStack asks only about what it is about to refuse
        operation_name: str | None = None,  # noqa: ARG002
    ) -> AwsServicesSupportInLatest:
        """Not supported."""
        return AwsServicesSupportInLatest.NOT_SUPPORTED

    def get_cloudformation_resource_status(
        self,
        resource_name: str,
        service_name: str,  # noqa: ARG002 - the type's name says it all
        is_pro_resource: bool = False,  # noqa: ARG002
    ) -> CloudFormationResourcesSupportAtRuntime | CloudFormationResourcesSupportInLatest:
        """Available where something installed provides the type."""
        if resource_name in self._get_cfn_resources_available_at_runtime():
            return CloudFormationResourcesSupportAtRuntime.AVAILABLE
        return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED
