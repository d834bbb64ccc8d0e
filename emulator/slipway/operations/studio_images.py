"""DescribeImageVersion: SageMaker's images, of which there are none.

The pipelines of SageMaker's project templates ask whether their project built
an image of its own, and take a public one where ResourceNotFound says that it
did not.
"""

from slipway.errors import ResourceNotFound
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document


class StudioImages:
    """Images that nobody can create here, so that none is ever found."""

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {(SAGEMAKER, "DescribeImageVersion"): self.describe_version}

    def describe_version(self, call: Call) -> Document:
        """DescribeImageVersion: always a refusal."""
        raise ResourceNotFound(f"Image '{call.parameters['ImageName']}' does not exist.")
