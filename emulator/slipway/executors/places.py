"""Which containers a deployment consists of, and where each stands."""

from dataclasses import dataclass

from slipway.resources.deployment import Deployment, Variant

# Developer guide, "Use Your Own Inference Code with Hosting Services".
PORT = 8080


@dataclass(frozen=True, slots=True)
class Place:
    """Which container of a deployment: its variant, instance and position in the model, from 0."""

    revision: int
    variant: int
    instance: int
    container: int

    @property
    def host(self) -> str:
        """The container's label, by which it is found again, and its host name."""
        return f"r{self.revision}-v{self.variant}-i{self.instance}-c{self.container}"

    @property
    def instance_place(self) -> tuple[int, int, int]:
        """The instance it belongs to."""
        return self.revision, self.variant, self.instance


def places(deployment: Deployment) -> list[Place]:
    """Every container that a deployment consists of."""
    return [
        Place(deployment.revision, variant_number, instance, container)
        for variant_number, variant in enumerate(deployment.variants)
        for instance in range(variant.instance_count)
        for container in range(len(variant.containers))
    ]


def port_of(variant: Variant, position: int) -> int:
    """Where a container listens: containers of one model have a port each (SAGEMAKER_BIND_TO_PORT)."""
    return PORT if len(variant.containers) == 1 else PORT + position
