"""What serves each endpoint now, in memory: instances, what each is doing, and the shares of the variants."""

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass

from slipway.errors import RuntimeValidationError, ServiceUnavailable
from slipway.resources.document import Document
from slipway.resources.resource import Key
from slipway.runtime.connections import Connections
from slipway.runtime.routing import choose_by_weight, choose_least_outstanding


@dataclass(frozen=True, slots=True)
class Target:
    """A container that serves."""

    name: str
    connections: Connections


class Instance:
    """The containers that answer a request together, and how many requests they are answering.

    `outstanding` changes under the fleet's lock alone.
    """

    def __init__(self, targets: tuple[Target, ...]) -> None:
        self.targets = targets
        self.outstanding = 0

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Where its containers listen."""
        return tuple((target.connections.address, target.connections.port) for target in self.targets)

    def close(self) -> None:
        """Give its connections up."""
        for target in self.targets:
            target.connections.close()


@dataclass(frozen=True, slots=True)
class ServedVariant:
    """A variant and its instances that can answer; there may be none for a while."""

    name: str
    weight: float
    instances: tuple[Instance, ...]
    is_least_outstanding: bool = True
    is_direct: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """What serves an endpoint."""

    variants: tuple[ServedVariant, ...]
    data_capture: Document | None = None

    @property
    def instances(self) -> set[Instance]:
        """All instances of all variants."""
        return {instance for variant in self.variants for instance in variant.instances}


@dataclass(frozen=True, slots=True)
class Taken:
    """An instance that answers one request."""

    variant: ServedVariant
    instance: Instance
    data_capture: Document | None


class NothingServesError(Exception):
    """Nothing answers for the endpoint."""


class Fleet:
    """Which instances answer for which endpoint.

    Once `serve` has returned, no new request reaches an instance that it
    left out, and `drain` waits for those that were under way.
    """

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self._served: dict[Key, Served] = {}
        self._changed = threading.Condition()
        self._turn = 0

    def serve(self, key: Key, served: Served) -> None:
        """Let `served` answer from now on."""
        with self._changed:
            self._served[key] = served
            self._changed.notify_all()

    def withdraw(self, key: Key) -> set[Instance]:
        """Let nobody answer for an endpoint from now on; returns who did."""
        with self._changed:
            served = self._served.pop(key, None)
        return served.instances if served else set()

    def served(self, key: Key) -> Served | None:
        """What answers for an endpoint now."""
        with self._changed:
            return self._served.get(key)

    def endpoints(self) -> list[Key]:
        """The endpoints for which something answers."""
        with self._changed:
            return list(self._served)

    def wait_for(self, key: Key, timeout_seconds: float) -> bool:
        """Return once something answers for an endpoint; False where nothing does in time."""
        with self._changed:
            return self._changed.wait_for(lambda: key in self._served, timeout_seconds)

    def drain(self, instances: Iterable[Instance], timeout_seconds: float) -> None:
        """Return once `instances` answer no request any more, or after `timeout_seconds`."""
        leaving = tuple(instances)
        with self._changed:
            self._changed.wait_for(
                lambda: not any(instance.outstanding for instance in leaving), timeout_seconds
            )
        for instance in leaving:
            instance.close()

    @contextmanager
    def taken(
        self, key: Key, variant_name: str | None, without: Set[Instance] = frozenset()
    ) -> Iterator[Taken]:
        """An instance for one request, none of `without`.

        Raises RuntimeValidationError for a variant that is not there, and
        ServiceUnavailable where no instance can answer now; NothingServesError.
        """
        with self._changed:
            served = self._served.get(key)
            if served is None:
                raise NothingServesError
            variant = self._variant(key, served, variant_name, without)
            instances = [instance for instance in variant.instances if instance not in without]
            if not instances:
                raise ServiceUnavailable(
                    f"Variant {variant.name} of endpoint {key.name} has no instance that can answer now; "
                    "its containers are being started again."
                )
            instance = self._instance(variant, instances)
            instance.outstanding += 1
        try:
            yield Taken(variant, instance, served.data_capture)
        finally:
            with self._changed:
                instance.outstanding -= 1
                if not instance.outstanding:
                    self._changed.notify_all()

    def _variant(self, key: Key, served: Served, name: str | None, without: Set[Instance]) -> ServedVariant:
        by_name: Mapping[str, ServedVariant] = {variant.name: variant for variant in served.variants}
        if name is not None:
            if name not in by_name:
                raise RuntimeValidationError(f"Variant {name} not found for endpoint {key.name}.")
            return by_name[name]
        # A variant whose instances are all away leaves its share to the others.
        able = [variant for variant in served.variants if set(variant.instances) - without]
        able = able or list(served.variants)
        place = choose_by_weight([variant.weight for variant in able], self._draw())
        if place is None:
            raise RuntimeValidationError(
                f"All variants of endpoint {key.name} have weight 0; name one with TargetVariant, "
                "or give one a weight with UpdateEndpointWeightsAndCapacities."
            )
        return able[place]

    def _instance(self, variant: ServedVariant, instances: Sequence[Instance]) -> Instance:
        if not variant.is_least_outstanding:
            return instances[int(self._draw() * len(instances))]
        self._turn += 1
        outstanding = [instance.outstanding for instance in instances]
        return instances[choose_least_outstanding(outstanding, self._turn % len(instances))]
