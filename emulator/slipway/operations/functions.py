"""Functions: their configuration and their code."""

from collections.abc import Callable
from typing import Protocol

from slipway.clock import Clock
from slipway.errors import FunctionConflict, FunctionPreconditionFailed
from slipway.operations.function_checks import check_code, check_configuration, check_creation
from slipway.operations.function_names import existing_function, named
from slipway.operations.function_pages import function_page
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import LAMBDA
from slipway.resources.document import Document, without_empty
from slipway.resources.function import Code, code_of, created, is_settled, recoded, reconfigured
from slipway.resources.resource import Key, Owner, Resource
from slipway.store.store import AlreadyExistsError, Store


class CodeSource(Protocol):
    """Where the code of functions comes from, and where it is kept."""

    def archive(self, owner: Owner, code: Document) -> bytes:
        """The archive that a request holds or names; it can be unpacked. Raises FunctionParameterError."""

    def kept(self, key: Key, archive: bytes) -> Code:
        """Have an archive where it survives this process."""

    def image(self, image_uri: str) -> Code:
        """The image of a URI. Raises FunctionParameterError."""


class Functions:
    """CreateFunction and what goes with it."""

    def __init__(self, store: Store, clock: Clock, source: CodeSource, submit: Callable[[Key], None]) -> None:
        self._store = store
        self._clock = clock
        self._source = source
        self._submit = submit

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (LAMBDA, "CreateFunction"): self.create,
            (LAMBDA, "GetFunction"): self.get,
            (LAMBDA, "GetFunctionConfiguration"): self.get_configuration,
            (LAMBDA, "ListFunctions"): self.list,
            (LAMBDA, "ListVersionsByFunction"): self.list_versions,
            (LAMBDA, "UpdateFunctionCode"): self.update_code,
            (LAMBDA, "UpdateFunctionConfiguration"): self.update_configuration,
            (LAMBDA, "DeleteFunction"): self.delete,
        }

    def create(self, call: Call) -> Document:
        """CreateFunction."""
        parameters = call.parameters
        key, _ = named(call.owner, parameters)
        check_creation(parameters)
        check_code(parameters["Code"], is_image=parameters.get("PackageType") == "Image")
        if self._store.get(key) is not None:
            raise _exists(key)
        tags = [{"Key": name, "Value": value} for name, value in parameters.get("Tags", {}).items()]
        keep = self._keeping(key, parameters["Code"])
        try:
            # Files of a function that is being deleted are looked after under the same lock.
            with self._store.all_or_nothing():
                function = created(key, parameters, keep(), self._clock.now())
                self._store.create(function, tags)
        except AlreadyExistsError:
            raise _exists(key) from None
        self._submit(key)
        return function.document

    def get(self, call: Call) -> Document:
        """GetFunction."""
        function = existing_function(self._store, call.owner, call.parameters)
        concurrency = function.internal.get("concurrency")
        return without_empty(
            {
                "Configuration": function.document,
                "Code": _location(code_of(function)),
                "Tags": {tag["Key"]: tag["Value"] for tag in self._store.tags(function.arn)} or None,
                "Concurrency": None if concurrency is None else {"ReservedConcurrentExecutions": concurrency},
            }
        )

    def get_configuration(self, call: Call) -> Document:
        """GetFunctionConfiguration."""
        return existing_function(self._store, call.owner, call.parameters).document

    def list(self, call: Call) -> Document:
        """ListFunctions."""
        return function_page(self._store, call)

    def list_versions(self, call: Call) -> Document:
        """ListVersionsByFunction: $LATEST, which is the only one."""
        return {"Versions": [existing_function(self._store, call.owner, call.parameters).document]}

    def update_code(self, call: Call) -> Document:
        """UpdateFunctionCode."""
        parameters = call.parameters
        function = existing_function(self._store, call.owner, parameters)
        check_configuration(parameters)
        check_code(parameters, is_image=function.document["PackageType"] == "Image")
        self._check_revision(function, parameters)
        keep = self._keeping(function.key, parameters)
        if parameters.get("DryRun"):
            return function.document
        with self._store.all_or_nothing():
            code = keep()
            changed = self._changed(
                function.key, lambda now: recoded(now, parameters, code, self._clock.now())
            )
        self._submit(function.key)
        return changed.document

    def update_configuration(self, call: Call) -> Document:
        """UpdateFunctionConfiguration."""
        parameters = call.parameters
        function = existing_function(self._store, call.owner, parameters)
        check_configuration(parameters)
        self._check_revision(function, parameters)
        changed = self._changed(function.key, lambda now: reconfigured(now, parameters, self._clock.now()))
        self._submit(function.key)
        return changed.document

    def delete(self, call: Call) -> Document:
        """DeleteFunction; invocations that run are brought to their end."""
        function = existing_function(self._store, call.owner, call.parameters)
        self._store.delete(function.key)
        self._submit(function.key)
        return {"StatusCode": 204}

    def _keeping(self, key: Key, code: Document) -> Callable[[], Code]:
        """Have code that can be run; the function that is returned keeps it, which is quick."""
        if code.get("ImageUri"):
            image = self._source.image(code["ImageUri"])
            return lambda: image
        archive = self._source.archive(key.owner, code)
        return lambda: self._source.kept(key, archive)

    def _changed(self, key: Key, change: Callable[[Resource], Resource]) -> Resource:
        def checked(function: Resource) -> Resource:
            if not is_settled(function):
                raise FunctionConflict(
                    "The operation cannot be performed at this time. An update is in progress for resource: "
                    f"{function.arn}"
                )
            return change(function)

        return self._store.transition(key, checked)

    @staticmethod
    def _check_revision(function: Resource, parameters: Document) -> None:
        wanted = parameters.get("RevisionId")
        if wanted is not None and wanted != function.document["RevisionId"]:
            raise FunctionPreconditionFailed(
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve the latest Revision Id"
            )


def _location(code: Code) -> Document:
    if code.image_uri is not None:
        return {"RepositoryType": "ECR", "ImageUri": code.image_uri, "ResolvedImageUri": code.image_uri}
    return {"RepositoryType": "S3"}


def _exists(key: Key) -> FunctionConflict:
    return FunctionConflict(f"Function already exist: {key.name}")
