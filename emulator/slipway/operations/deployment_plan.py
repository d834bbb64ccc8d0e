"""From an endpoint configuration and its models to what an endpoint runs."""

from dataclasses import replace

from slipway.errors import NotServedHere, ValidationException
from slipway.operations.models import existing_model
from slipway.resources.deployment import STARTUP_SECONDS, Deployment, ServingContainer, Variant
from slipway.resources.document import Document
from slipway.resources.resource import Owner, Resource
from slipway.store.store import Store

# What a configuration may hold and no endpoint here could keep.
OTHER_POLICIES = ("RollingUpdatePolicy", "AutoRollbackConfiguration")
NOT_HERE = ("ShadowProductionVariants", "ExplainerConfig", "AsyncInferenceConfig")


def plan(store: Store, endpoint_config: Resource, revision: int) -> Deployment:
    """What an endpoint with this configuration runs.

    Raises ValidationException where a model is gone, NotServedHere where
    the configuration asks for what is not implemented.
    """
    document = endpoint_config.document
    for member in NOT_HERE:
        if member in document:
            raise NotServedHere(
                f"{member} of endpoint configuration {endpoint_config.name} is not implemented by Slipway's "
                "control plane; docs/parity.md lists what is."
            )
    variants = tuple(
        _variant(store, endpoint_config.key.owner, variant, document["EnableNetworkIsolation"])
        for variant in document["ProductionVariants"]
    )
    return Deployment(revision, endpoint_config.name, variants, document.get("DataCaptureConfig"))


def check_deployment_config(deployment_config: Document) -> None:
    """Raise NotServedHere for a way of going over to new instances other than all at once."""
    traffic = deployment_config.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    wanted = [name for name in OTHER_POLICIES if name in deployment_config]
    if traffic.get("Type", "ALL_AT_ONCE") != "ALL_AT_ONCE":
        wanted.append(f"TrafficRoutingConfiguration of Type {traffic['Type']}")
    if wanted:
        raise NotServedHere(
            f"DeploymentConfig with {', '.join(wanted)} is not implemented by Slipway's control plane; "
            "it goes over ALL_AT_ONCE, and back where an instance does not become healthy."
        )


def retain(planned: Deployment, live: Deployment, excluded: frozenset[str]) -> Deployment:
    """`planned` with what UpdateEndpoint's RetainAllVariantProperties keeps of `live`."""
    kept = {}
    for variant in planned.variants:
        for before in live.variants:
            if before.name == variant.name:
                kept[variant.name] = replace(
                    variant,
                    weight=variant.weight if "DesiredWeight" in excluded else before.weight,
                    instance_count=variant.instance_count
                    if "DesiredInstanceCount" in excluded
                    else before.instance_count,
                )
    retained = planned.with_variants(kept)
    if "DataCaptureConfig" in excluded:
        return retained
    return replace(retained, data_capture=live.data_capture)


def with_capacities(live: Deployment, wishes: list[Document], endpoint_config_name: str) -> Deployment:
    """`live` with other weights and instance counts. Raises ValidationException."""
    present = {variant.name: variant for variant in live.variants}
    names = [wish["VariantName"] for wish in wishes]
    for name in names:
        if names.count(name) > 1:
            raise ValidationException(f'The variant name "{name}" was non-unique within the request.')
    missing = [wish["VariantName"] for wish in wishes if wish["VariantName"] not in present]
    if missing:
        raise ValidationException(
            f'The variant name(s) "{", ".join(missing)}" is/are not present within endpoint configuration '
            f'"{endpoint_config_name}".'
        )
    changed = {}
    for wish in wishes:
        variant = present[wish["VariantName"]]
        count = wish.get("DesiredInstanceCount", variant.instance_count)
        if count < 1:
            raise ValidationException(
                f"DesiredInstanceCount of variant {variant.name} must be at least 1; "
                "delete the endpoint to stop its last instance."
            )
        changed[variant.name] = replace(
            variant, weight=wish.get("DesiredWeight", variant.weight), instance_count=count
        )
    return live.with_variants(changed)


def _variant(store: Store, owner: Owner, variant: Document, is_isolated: bool) -> Variant:
    if "ModelName" not in variant:
        raise NotServedHere(
            f"Variant {variant['VariantName']} names no model, and inference components are not implemented "
            "by Slipway's control plane; docs/parity.md lists what is."
        )
    model = existing_model(store, owner, variant["ModelName"])
    routing = variant.get("RoutingConfig", {}).get("RoutingStrategy")
    return Variant(
        name=variant["VariantName"],
        containers=_containers(model),
        weight=variant["InitialVariantWeight"],
        instance_count=variant.get("InitialInstanceCount", 1),
        instance_type=variant.get("InstanceType"),
        serverless=variant.get("ServerlessConfig"),
        startup_seconds=variant.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_SECONDS),
        is_least_outstanding=routing != "RANDOM",
        is_direct=model.document.get("InferenceExecutionConfig", {}).get("Mode") == "Direct",
        is_isolated=is_isolated or model.document["EnableNetworkIsolation"],
    )


def _containers(model: Resource) -> tuple[ServingContainer, ...]:
    definitions = model.internal["containers"]
    for definition in definitions:
        if definition.get("Mode") == "MultiModel":
            raise NotServedHere(
                f"Model {model.name} has Mode MultiModel, which is not implemented by Slipway's "
                "control plane; docs/parity.md lists what is."
            )
    has_primary = "PrimaryContainer" in model.document
    return tuple(
        ServingContainer(
            name="primary" if has_primary else definition.get("ContainerHostname", f"container-{number}"),
            image=definition["Image"],
            definition=definition,
        )
        for number, definition in enumerate(definitions, start=1)
    )
