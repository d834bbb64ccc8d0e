"""What an endpoint runs: a configuration with its models as they were when it was asked for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from slipway.resources.document import Document, without_empty

# Developer guide, "Use Your Own Inference Code with Hosting Services": 8 minutes.
STARTUP_SECONDS = 480


@dataclass(frozen=True, slots=True)
class ServingContainer:
    """One container of a model. `image_id` is set once the image has been found, and stays."""

    name: str
    image: str
    definition: Document
    image_id: str | None = None
    resolved_at: float | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What the caller set."""
        environment: Mapping[str, str] = self.definition.get("Environment", {})
        return environment

    @property
    def deployed_image(self) -> Document:
        """The image as DescribeEndpoint shows it, by the digest that runs.

        Docker knows no manifest's digest of what was built here, so a tag's is the image's id.
        """
        resolved = None
        if self.image_id is not None:
            name = self.image
            repository = name if ":" not in name.rpartition("/")[2] else name.rpartition(":")[0]
            resolved = self.image if "@" in self.image else f"{repository}@{self.image_id}"
        return without_empty(
            {
                "SpecifiedImage": self.image,
                "ResolvedImage": resolved,
                "ResolutionTime": self.resolved_at,
            }
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """A share of an endpoint: a model on some instances."""

    name: str
    containers: tuple[ServingContainer, ...]
    weight: float
    instance_count: int
    instance_type: str | None = None
    serverless: Document | None = None
    startup_seconds: int = STARTUP_SECONDS
    # False: instances are drawn by chance (RoutingStrategy RANDOM).
    is_least_outstanding: bool = True
    # Requests name the container (InferenceExecutionConfig Direct) instead of passing through all.
    is_direct: bool = False
    is_isolated: bool = False

    @property
    def summary(self) -> Document:
        """The variant as DescribeEndpoint shows it once it serves."""
        return without_empty(
            {
                "VariantName": self.name,
                "DeployedImages": [container.deployed_image for container in self.containers],
                "CurrentWeight": self.weight,
                "DesiredWeight": self.weight,
                "CurrentInstanceCount": self.instance_count if self.serverless is None else None,
                "DesiredInstanceCount": self.instance_count if self.serverless is None else None,
                "CurrentServerlessConfig": self.serverless,
            }
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything an endpoint runs at a time; containers are found again by `revision`."""

    revision: int
    endpoint_config_name: str
    variants: tuple[Variant, ...]
    data_capture: Document | None = field(default=None)

    def to_document(self) -> Document:
        """As the store keeps it."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """As `to_document` gave it."""
        return cls(
            document["revision"],
            document["endpoint_config_name"],
            tuple(_variant(variant) for variant in document["variants"]),
            document["data_capture"],
        )

    def with_variants(self, variants: Mapping[str, Variant]) -> Self:
        """The same with some variants replaced, by name."""
        return replace(self, variants=tuple(variants.get(variant.name, variant) for variant in self.variants))


def _variant(document: Mapping[str, Any]) -> Variant:
    containers = tuple(ServingContainer(**container) for container in document["containers"])
    return Variant(**{**document, "containers": containers})
