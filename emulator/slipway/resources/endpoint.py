"""How an endpoint's record changes; `live` is what serves, `target` what is to."""

from slipway.resources.deployment import Deployment
from slipway.resources.document import Document
from slipway.resources.resource import Resource

LONGEST_REASON = 1024


def deployment_of(endpoint: Resource, which: str) -> Deployment:
    """What serves, or what is to."""
    return Deployment.from_document(endpoint.internal[which])


def in_service(endpoint: Resource, deployment: Deployment) -> Resource:
    """The endpoint with `deployment` serving."""
    document = {
        "EndpointConfigName": deployment.endpoint_config_name,
        "ProductionVariants": [variant.summary for variant in deployment.variants],
        "DataCaptureConfig": _data_capture(deployment.data_capture),
        "PendingDeploymentSummary": None,
        "FailureReason": None,
    }
    internal = {"live": deployment.to_document(), "target": None}
    return endpoint.with_document(document).with_internal(internal).in_status("InService")


def rolled_back(endpoint: Resource) -> Resource:
    """The endpoint as it was before; the reason stays."""
    live = deployment_of(endpoint, "live")
    document = {
        "ProductionVariants": [variant.summary for variant in live.variants],
        "PendingDeploymentSummary": None,
    }
    return endpoint.with_document(document).with_internal({"target": None}).in_status("InService")


def rolling_back(endpoint: Resource, reason: str) -> Resource:
    """The endpoint on its way back to what serves."""
    return endpoint.with_document({"FailureReason": reason[:LONGEST_REASON]}).in_status("RollingBack")


def failed(endpoint: Resource, reason: str) -> Resource:
    """The endpoint that never served."""
    return endpoint.with_document({"FailureReason": reason[:LONGEST_REASON]}).in_status("Failed")


def _data_capture(config: Document | None) -> Document | None:
    if config is None:
        return None
    is_enabled = config.get("EnableCapture", True)
    return {
        "EnableCapture": is_enabled,
        "CaptureStatus": "Started" if is_enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        # Required in the model's output shape, whether a key was given or not.
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
