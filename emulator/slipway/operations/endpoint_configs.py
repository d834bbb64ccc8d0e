"""Endpoint configurations: which models an endpoint serves, on how many instances, with which share."""

from slipway.clock import Clock
from slipway.errors import ValidationException
from slipway.operations.listing import list_page, summary
from slipway.operations.models import existing_model
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.store import AlreadyExistsError, MissingError, Store

VARIANT_MEMBERS = ("ProductionVariants", "ShadowProductionVariants")
# API reference, ProductionVariantServerlessConfig: "Valid values are in 1 GB increments".
SERVERLESS_MEMORY_MB = (1024, 2048, 3072, 4096, 5120, 6144)


class EndpointConfigs:
    """CreateEndpointConfig and what goes with it; a configuration never changes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreateEndpointConfig"): self.create,
            (SAGEMAKER, "DescribeEndpointConfig"): self.describe,
            (SAGEMAKER, "ListEndpointConfigs"): self.list,
            (SAGEMAKER, "DeleteEndpointConfig"): self.delete,
        }

    def create(self, call: Call) -> Document:
        """CreateEndpointConfig."""
        parameters = call.parameters
        key = Key(call.owner, Kind.ENDPOINT_CONFIG, parameters["EndpointConfigName"])
        self._check_variants(call.owner, parameters)
        now = self._clock.now()
        document = without_empty(
            {
                **{name: value for name, value in parameters.items() if name != "Tags"},
                **{
                    member: [_with_weight(variant) for variant in parameters[member]]
                    for member in VARIANT_MEMBERS
                    if member in parameters
                },
                "EndpointConfigArn": key.arn,
                "CreationTime": now,
                "EnableNetworkIsolation": parameters.get("EnableNetworkIsolation", False),
                "DataCaptureConfig": _with_default(parameters.get("DataCaptureConfig")),
            }
        )
        try:
            self._store.create(
                Resource(key, now, now, document=document), checked_tags(parameters.get("Tags", ()))
            )
        except AlreadyExistsError as error:
            raise ValidationException(
                f'Cannot create already existing endpoint configuration "{error.existing.arn}".'
            ) from None
        return {"EndpointConfigArn": key.arn}

    def describe(self, call: Call) -> Document:
        """DescribeEndpointConfig."""
        name = call.parameters["EndpointConfigName"]
        return existing_endpoint_config(self._store, call.owner, name).document

    def list(self, call: Call) -> Document:
        """ListEndpointConfigs."""
        return list_page(self._store, call, Kind.ENDPOINT_CONFIG, "EndpointConfigs", _summary)

    def delete(self, call: Call) -> Document:
        """DeleteEndpointConfig; endpoints made from it go on."""
        key = Key(call.owner, Kind.ENDPOINT_CONFIG, call.parameters["EndpointConfigName"])
        try:
            self._store.delete(key)
        except MissingError:
            raise _not_found(key) from None
        return {}

    def _check_variants(self, owner: Owner, parameters: Document) -> None:
        variants = [variant for member in VARIANT_MEMBERS for variant in parameters.get(member, [])]
        names = [variant["VariantName"] for variant in variants]
        if len(set(names)) < len(names):
            raise ValidationException("The VariantName of each variant must be its own.")
        for variant in variants:
            if "ModelName" in variant:
                existing_model(self._store, owner, variant["ModelName"])
            if "ServerlessConfig" not in variant and "InstanceType" not in variant:
                raise ValidationException(
                    f"Variant {variant['VariantName']} needs an InstanceType, or a ServerlessConfig."
                )
            if "ServerlessConfig" in variant and {"InstanceType", "InitialInstanceCount"} & set(variant):
                raise ValidationException(
                    f"Variant {variant['VariantName']} has a ServerlessConfig, "
                    "so it takes neither InstanceType nor InitialInstanceCount."
                )
            if "ServerlessConfig" in variant:
                _check_memory(variant["ServerlessConfig"]["MemorySizeInMB"])


def existing_endpoint_config(store: Store, owner: Owner, name: str) -> Resource:
    """The configuration of that name. Raises ValidationException in AWS's words."""
    key = Key(owner, Kind.ENDPOINT_CONFIG, name)
    endpoint_config = store.get(key)
    if endpoint_config is None:
        raise _not_found(key)
    return endpoint_config


def _not_found(key: Key) -> ValidationException:
    return ValidationException(f'Could not find endpoint configuration "{key.arn}".')


def _check_memory(memory_mb: int) -> None:
    if memory_mb not in SERVERLESS_MEMORY_MB:
        raise ValidationException(
            f"1 validation error detected: Value '{memory_mb}' at 'MemorySizeInMB' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(map(str, SERVERLESS_MEMORY_MB))}]"
        )


def _with_weight(variant: Document) -> Document:
    # API reference, ProductionVariant: "If unspecified, it defaults to 1.0."
    return {"InitialVariantWeight": 1.0, **variant}


def _with_default(data_capture: Document | None) -> Document | None:
    # API reference, DataCaptureConfig: EnableCapture "defaults to enabled".
    return data_capture if data_capture is None else {"EnableCapture": True, **data_capture}


def _summary(endpoint_config: Resource) -> Document:
    return summary(endpoint_config, "EndpointConfigName", "EndpointConfigArn", "CreationTime")
