"""Which model versions an endpoint serves, as the control plane tells it."""

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.aws import Aws, AwsCall, AwsError

log = logging.getLogger(__name__)

VERSION = re.compile(r":model-package/[^/]+/(\d+)$")
CALL_SECONDS = 3.0
# What is this many times older than it should be is waited for; until then
# callers are answered with what is known, while somebody asks again.
STALE_FACTOR = 5


@dataclass(frozen=True, slots=True)
class Variant:
    """A production variant, and the model package behind it where there is one."""

    name: str
    weight: float
    model_package_arn: str | None = None

    @property
    def model_package_version(self) -> int | None:
        """Its number in its group."""
        found = VERSION.search(self.model_package_arn or "")
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class ServedModel:
    """An endpoint as it is now. In any status but InService which version answers may be changing."""

    endpoint_name: str
    status: str
    variants: Mapping[str, Variant]

    def for_entity(self, entity_id: str) -> str | None:
        """The variant that always answers for `entity_id` while weights stay as they are; None for no choice.

        Variants in the order of their names share out the hashes by their weights.
        """
        total = sum(variant.weight for variant in self.variants.values())
        if len(self.variants) < 2 or total <= 0:
            return None
        digest = hashlib.sha256(entity_id.encode()).digest()
        place = int.from_bytes(digest[:8]) / 2**64 * total
        name = ""
        for name in sorted(self.variants):
            place -= self.variants[name].weight
            if place < 0:
                break
        return name

    def versions(self, variant: str | None) -> list[str | None]:
        """The packages one of which will answer, of `variant` or of any; none where that may change now."""
        if self.status != "InService":
            return []
        return [
            each.model_package_arn
            for each in self.variants.values()
            if each.name == variant or (variant is None and each.weight > 0)
        ]

    def document(self) -> dict[str, object]:
        """As it stands in an answer."""
        return {
            "endpoint_name": self.endpoint_name,
            "endpoint_status": self.status,
            "variants": [
                {
                    "name": each.name,
                    "weight": each.weight,
                    "model_package_version": each.model_package_version,
                    "model_package_arn": each.model_package_arn,
                }
                for each in self.variants.values()
            ],
        }


def answered_by(served: ServedModel | None, variant_name: str | None) -> dict[str, object]:
    """Who gave an answer, as it stands there; null for what nobody can tell."""
    variant = served.variants.get(variant_name or "") if served else None
    return {
        "endpoint_status": served.status if served else None,
        "variant": variant_name,
        "model_package_version": variant.model_package_version if variant else None,
        "model_package_arn": variant.model_package_arn if variant else None,
    }


class ServedModels:
    """What is known of one endpoint, asked again when it is older than `seconds`.

    `learn` is told of every version that it serves, where somebody wants to know.
    """

    def __init__(
        self,
        aws: Aws,
        endpoint_name: str,
        seconds: float,
        monotonic: Callable[[], float],
        learn: Callable[[Iterable[str]], Awaitable[None]] | None = None,
    ) -> None:
        self._aws = aws
        self._learn = learn
        self._endpoint_name = endpoint_name
        self._seconds = seconds
        self._monotonic = monotonic
        self._known: ServedModel | None = None
        self._known_at = 0.0
        self._asked_at = float("-inf")
        self._packages: dict[tuple[str, float | None], Mapping[str, str | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def now(self) -> ServedModel | None:
        """The endpoint as it is, or was a few seconds ago; None where nobody can tell, or there is none."""
        now = self._monotonic()
        if self._asking is None and now - self._asked_at >= self._seconds:
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        if self._asking is not None and (
            self._known is None or now - self._known_at > STALE_FACTOR * self._seconds
        ):
            # One caller who leaves must not end it for the others.
            await asyncio.shield(self._asking)
        return self._known

    async def anew(self) -> ServedModel | None:
        """The endpoint as it is now that what was known of it has turned out to be wrong."""
        self._asked_at = self._known_at = float("-inf")
        return await self.now()

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _asked(self, _task: asyncio.Task[None]) -> None:
        self._asking = None

    async def _ask(self) -> None:
        try:
            self._known = await self._described()
            self._known_at = self._monotonic()
        except AwsError as error:
            log.warning("model.unknown endpoint=%s reason=%r", self._endpoint_name, str(error))
            if self._monotonic() - self._known_at > STALE_FACTOR * self._seconds:
                self._known = None
        if self._learn is not None and self._known is not None:
            # Those who ask meanwhile know the endpoint already, and do without what is learnt.
            served = (each.model_package_arn for each in self._known.variants.values())
            await self._learn(arn for arn in served if arn)

    async def _described(self) -> ServedModel | None:
        endpoint = await self._call("DescribeEndpoint", {"EndpointName": self._endpoint_name})
        if endpoint is None:
            return None
        config = endpoint["EndpointConfigName"]
        # A configuration may be deleted and made again under its name; the endpoint is then updated.
        as_of = (config, endpoint.get("LastModifiedTime"))
        if as_of not in self._packages:
            self._packages = {as_of: await self._packages_of(config)}
        packages = self._packages[as_of]
        variants = [
            Variant(
                each["VariantName"],
                float(each.get("CurrentWeight") or 0),
                packages.get(each["VariantName"]),
            )
            for each in endpoint.get("ProductionVariants", ())
        ]
        return ServedModel(
            self._endpoint_name, endpoint["EndpointStatus"], {each.name: each for each in variants}
        )

    async def _packages_of(self, config_name: str) -> dict[str, str | None]:
        config = await self._call("DescribeEndpointConfig", {"EndpointConfigName": config_name})
        packages: dict[str, str | None] = {}
        for variant in (config or {}).get("ProductionVariants", ()):
            model = await self._call("DescribeModel", {"ModelName": variant["ModelName"]}) or {}
            containers = model.get("Containers") or [model.get("PrimaryContainer") or {}]
            packages[variant["VariantName"]] = containers[0].get("ModelPackageName")
        return packages

    async def _call(self, operation: str, parameters: dict[str, str]) -> dict[str, Any] | None:
        """What it answers; None where there is no such thing. Raises AwsError."""
        answer = await self._aws.send(AwsCall.to_control_plane(operation, parameters, CALL_SECONDS))
        if answer.status == 200:
            return answer.document()
        if answer.status == 400 and "could not find" in answer.message.lower():
            return None
        raise AwsError(f"{operation}: {answer.status} {answer.code}")
