"""Models: which containers serve, from where their artefacts come, in whose environment."""

from collections.abc import Callable

from slipway.clock import Clock
from slipway.errors import ValidationException
from slipway.operations.listing import list_page, summary
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.store import AlreadyExistsError, MissingError, Store

# A container of a registered version, with what the version says: image, artefact, environment.
ResolveContainer = Callable[[Owner, Document], Document]


class Models:
    """CreateModel and what goes with it.

    A model is a record: its image and its artefact are looked for when an
    endpoint starts, and a version of the registry is resolved at once.
    """

    def __init__(self, store: Store, clock: Clock, resolve_container: ResolveContainer) -> None:
        self._store = store
        self._clock = clock
        self._resolve_container = resolve_container

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreateModel"): self.create,
            (SAGEMAKER, "DescribeModel"): self.describe,
            (SAGEMAKER, "ListModels"): self.list,
            (SAGEMAKER, "DeleteModel"): self.delete,
        }

    def create(self, call: Call) -> Document:
        """CreateModel."""
        parameters = call.parameters
        key = Key(call.owner, Kind.MODEL, parameters["ModelName"])
        given = _containers(parameters)
        resolved = [self._resolved(call.owner, container) for container in given]
        now = self._clock.now()
        document = without_empty(
            {
                **{name: value for name, value in parameters.items() if name != "Tags"},
                "ModelArn": key.arn,
                "CreationTime": now,
                "EnableNetworkIsolation": parameters.get("EnableNetworkIsolation", False),
                "PrimaryContainer": _with_mode(parameters.get("PrimaryContainer")),
                "Containers": [_with_mode(container) for container in parameters.get("Containers", [])]
                or None,
            }
        )
        model = Resource(key, now, now, document=document, internal={"containers": resolved})
        try:
            self._store.create(model, checked_tags(parameters.get("Tags", ())))
        except AlreadyExistsError as error:
            raise ValidationException(
                f'Cannot create already existing model "{error.existing.arn}".'
            ) from None
        return {"ModelArn": key.arn}

    def describe(self, call: Call) -> Document:
        """DescribeModel."""
        return existing_model(self._store, call.owner, call.parameters["ModelName"]).document

    def list(self, call: Call) -> Document:
        """ListModels."""
        return list_page(self._store, call, Kind.MODEL, "Models", _summary)

    def delete(self, call: Call) -> Document:
        """DeleteModel; endpoints that serve it go on."""
        key = Key(call.owner, Kind.MODEL, call.parameters["ModelName"])
        try:
            self._store.delete(key)
        except MissingError:
            raise _not_found(key) from None
        return {}

    def _resolved(self, owner: Owner, container: Document) -> Document:
        if "ModelPackageName" in container:
            return self._resolve_container(owner, container)
        if "Image" not in container:
            raise ValidationException(
                "A container definition needs an Image, or a ModelPackageName that has one."
            )
        return container


def existing_model(store: Store, owner: Owner, name: str) -> Resource:
    """The model of that name. Raises ValidationException in AWS's words."""
    key = Key(owner, Kind.MODEL, name)
    model = store.get(key)
    if model is None:
        raise _not_found(key)
    return model


def _not_found(key: Key) -> ValidationException:
    return ValidationException(f'Could not find model "{key.arn}".')


def _containers(parameters: Document) -> list[Document]:
    primary, several = parameters.get("PrimaryContainer"), parameters.get("Containers") or []
    if primary is not None and several:
        raise ValidationException("Give PrimaryContainer or Containers, not both.")
    if primary is None and not several:
        raise ValidationException("Give PrimaryContainer, or Containers with at least one container.")
    names = [container["ContainerHostname"] for container in several if "ContainerHostname" in container]
    if len(set(names)) < len(names):
        raise ValidationException("The ContainerHostname of each container must be its own.")
    mode = parameters.get("InferenceExecutionConfig", {}).get("Mode")
    if mode == "Direct" and len(names) < len(several):
        # API reference, InferenceExecutionConfig: in Direct mode requests name the container.
        raise ValidationException("In Direct mode every container needs a ContainerHostname.")
    return several or [primary]


def _with_mode(container: Document | None) -> Document | None:
    """A container as Describe shows it: SingleModel is said."""
    return container if container is None else {"Mode": "SingleModel", **container}


def _summary(model: Resource) -> Document:
    return summary(model, "ModelName", "ModelArn", "CreationTime")
