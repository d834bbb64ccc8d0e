"""Models, configurations and endpoints of a control plane that carries nothing out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from slipway.operations.endpoint_configs import EndpointConfigs
from slipway.operations.endpoints import Endpoints
from slipway.operations.models import Models
from slipway.resources.endpoint import deployment_of, in_service
from slipway.resources.resource import Key, Kind, Owner

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane
from tests.support.output_shapes import complaints

OWNER = Owner(ACCOUNT, REGION)
IMAGE = "churn:1"


class EndpointRecords:
    """A client that checks every answer against the service's model, and what an executor would do."""

    def __init__(self, folder: Path, plane: ControlPlane | None = None) -> None:
        self.submitted: list[Key] = []
        plane = plane or ControlPlane(folder)
        self.plane = plane
        self.store = plane.store
        models = Models(plane.store, plane.clock, plane.packages.resolve_container)
        endpoints = Endpoints(plane.store, plane.clock, self.submitted.append)
        configs = EndpointConfigs(plane.store, plane.clock)
        for each in (models, configs, endpoints):
            plane.operations.update(each.operations)
        self.client = plane.client()

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """An operation's answer, which must be what the model promises."""
        method = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)
        answer: dict[str, Any] = getattr(self.client, method.lstrip("_"))(**parameters)
        del answer["ResponseMetadata"]
        assert not complaints("sagemaker", operation, answer)
        return answer

    def create_model(self, name: str = "churn", **container: Any) -> str:
        """A model of one container."""
        arn: str = self.ask("CreateModel", ModelName=name, PrimaryContainer={"Image": IMAGE, **container})[
            "ModelArn"
        ]
        return arn

    def create_config(self, name: str = "config", variants: list[Any] | None = None, **more: Any) -> str:
        """An endpoint configuration of one variant, or those given."""
        arn: str = self.ask(
            "CreateEndpointConfig",
            EndpointConfigName=name,
            ProductionVariants=variants or [variant()],
            **more,
        )["EndpointConfigArn"]
        return arn

    def put_in_service(self, name: str = "endpoint") -> None:
        """Do as the executor does when all containers are healthy."""
        self.store.transition(
            Key(OWNER, Kind.ENDPOINT, name),
            lambda endpoint: in_service(endpoint, deployment_of(endpoint, "target")),
        )


def variant(name: str = "AllTraffic", model: str = "churn", **more: Any) -> dict[str, Any]:
    """A production variant."""
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        **more,
    }


@contextmanager
def refused(text: str, code: str = "ValidationException") -> Iterator[None]:
    """What is inside is refused with that code, in words that hold `text`."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code
    assert text in caught.value.response["Error"]["Message"]
