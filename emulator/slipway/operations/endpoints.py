"""Endpoints: models that answer over HTTP, and are changed while they do."""

from collections.abc import Callable

from slipway.clock import Clock
from slipway.errors import ValidationException
from slipway.operations.deployment_plan import check_deployment_config, plan, retain, with_capacities
from slipway.operations.endpoint_configs import existing_endpoint_config
from slipway.operations.listing import list_page, summary
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.deployment import Deployment
from slipway.resources.document import Document
from slipway.resources.lifecycle import unfinished
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.store import AlreadyExistsError, MissingError, Store


class Endpoints:
    """CreateEndpoint and what goes with it.

    What an endpoint is to run is written down with the request, so that
    configurations and models may be deleted afterwards; the executor does it.
    """

    def __init__(self, store: Store, clock: Clock, submit: Callable[[Key], None]) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreateEndpoint"): self.create,
            (SAGEMAKER, "DescribeEndpoint"): self.describe,
            (SAGEMAKER, "ListEndpoints"): self.list,
            (SAGEMAKER, "UpdateEndpoint"): self.update,
            (SAGEMAKER, "UpdateEndpointWeightsAndCapacities"): self.update_weights_and_capacities,
            (SAGEMAKER, "DeleteEndpoint"): self.delete,
        }

    def create(self, call: Call) -> Document:
        """CreateEndpoint."""
        parameters = call.parameters
        key = Key(call.owner, Kind.ENDPOINT, parameters["EndpointName"])
        endpoint_config = existing_endpoint_config(self._store, call.owner, parameters["EndpointConfigName"])
        check_deployment_config(parameters.get("DeploymentConfig", {}))
        planned = plan(self._store, endpoint_config, revision=1)
        now = self._clock.now()
        endpoint = Resource(
            key,
            now,
            now,
            status="Creating",
            document={
                "EndpointName": key.name,
                "EndpointArn": key.arn,
                "EndpointConfigName": endpoint_config.name,
                "EndpointStatus": "Creating",
                "CreationTime": now,
                "LastModifiedTime": now,
            },
            internal={"revision": 1, "target": planned.to_document()},
        )
        try:
            self._store.create(endpoint, checked_tags(parameters.get("Tags", ())))
        except AlreadyExistsError as error:
            raise ValidationException(
                f'Cannot create already existing endpoint "{error.existing.arn}".'
            ) from None
        self._submit(key)
        return {"EndpointArn": key.arn}

    def describe(self, call: Call) -> Document:
        """DescribeEndpoint."""
        return existing_endpoint(self._store, call.owner, call.parameters["EndpointName"]).document

    def list(self, call: Call) -> Document:
        """ListEndpoints."""
        return list_page(self._store, call, Kind.ENDPOINT, "Endpoints", _summary)

    def update(self, call: Call) -> Document:
        """UpdateEndpoint: other containers beside the present ones, then in their place."""
        parameters = call.parameters
        owner = call.owner
        endpoint = existing_endpoint(self._store, owner, parameters["EndpointName"])
        endpoint_config = existing_endpoint_config(self._store, owner, parameters["EndpointConfigName"])
        check_deployment_config(parameters.get("DeploymentConfig", {}))
        now = self._clock.now()

        def change(before: Resource) -> Resource:
            live = _live(before)
            revision = before.internal["revision"] + 1
            planned = plan(self._store, endpoint_config, revision)
            if parameters.get("RetainAllVariantProperties"):
                excluded = parameters.get("ExcludeRetainedVariantProperties", [])
                planned = retain(planned, live, frozenset(item["VariantPropertyType"] for item in excluded))
            after = before.with_internal({"revision": revision, "target": planned.to_document()})
            pending = {"EndpointConfigName": endpoint_config.name, "StartTime": now}
            changes: Document = {"PendingDeploymentSummary": pending, "FailureReason": None}
            if not parameters.get("RetainDeploymentConfig"):
                changes["LastDeploymentConfig"] = parameters.get("DeploymentConfig")
            return after.with_document(changes).in_status("Updating")

        return self._changed(endpoint.key, change)

    def update_weights_and_capacities(self, call: Call) -> Document:
        """UpdateEndpointWeightsAndCapacities: the same containers, more or fewer of them."""
        endpoint = existing_endpoint(self._store, call.owner, call.parameters["EndpointName"])
        wishes = call.parameters["DesiredWeightsAndCapacities"]

        def change(before: Resource) -> Resource:
            target = with_capacities(_live(before), wishes, before.document["EndpointConfigName"])
            desired = {variant.name: variant.summary for variant in target.variants}
            variants = [
                {
                    **shown,
                    **{
                        name: desired[shown["VariantName"]][name]
                        for name in ("DesiredWeight", "DesiredInstanceCount")
                        if name in desired[shown["VariantName"]]
                    },
                }
                for shown in before.document["ProductionVariants"]
            ]
            after = before.with_internal({"target": target.to_document()})
            return after.with_document({"ProductionVariants": variants, "FailureReason": None}).in_status(
                "Updating"
            )

        return self._changed(endpoint.key, change)

    def delete(self, call: Call) -> Document:
        """DeleteEndpoint; refused while somebody is at work on it, as AWS refuses it."""
        endpoint = existing_endpoint(self._store, call.owner, call.parameters["EndpointName"])

        def change(before: Resource) -> Resource:
            _check_idle(before)
            return before.in_status("Deleting")

        self._changed(endpoint.key, change)
        return {}

    def _changed(self, key: Key, change: Callable[[Resource], Resource]) -> Document:
        try:
            endpoint = self._store.transition(key, change)
        except MissingError:
            raise _not_found(key) from None
        self._submit(key)
        return {"EndpointArn": endpoint.arn}


def existing_endpoint(store: Store, owner: Owner, name: str) -> Resource:
    """The endpoint of that name. Raises ValidationException in AWS's words."""
    key = Key(owner, Kind.ENDPOINT, name)
    endpoint = store.get(key)
    if endpoint is None:
        raise _not_found(key)
    return endpoint


def _not_found(key: Key) -> ValidationException:
    return ValidationException(f'Could not find endpoint "{key.arn}".')


def _check_idle(endpoint: Resource) -> None:
    if endpoint.status in unfinished(Kind.ENDPOINT):
        # AWS says so of deletion too.
        raise ValidationException(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _live(endpoint: Resource) -> Deployment:
    """What serves now. Raises ValidationException where the endpoint may not be changed."""
    _check_idle(endpoint)
    if "live" not in endpoint.internal:
        # API reference, DescribeEndpoint: of a Failed endpoint only DeleteEndpoint is left.
        raise ValidationException(
            f'Cannot update endpoint "{endpoint.arn}" in status {endpoint.status}; '
            "delete it and create it again."
        )
    return Deployment.from_document(endpoint.internal["live"])


def _summary(endpoint: Resource) -> Document:
    return summary(
        endpoint, "EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus"
    )
