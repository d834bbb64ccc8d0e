"""A function: its configuration as Lambda shows it, and what runs when it is invoked."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Resource

LATEST = "$LATEST"
# API reference, CreateFunction.
DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MEGABYTES = 128
DEFAULT_STORAGE_MEGABYTES = 512
CREATING: Document = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}
# The reason is AWS's own, although nothing is created here.
UPDATING: Document = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
# What a request may hold and Describe shows as it came.
AS_GIVEN = (
    "Role",
    "Handler",
    "Runtime",
    "Description",
    "Timeout",
    "MemorySize",
    "Environment",
    "EphemeralStorage",
    "Architectures",
    "KMSKeyArn",
    "TracingConfig",
)


@dataclass(frozen=True, slots=True)
class Code:
    """What a function consists of: an archive by its digest, or an image by its id."""

    sha256: str
    size_bytes: int = 0
    # Hexadecimal; the archive's folder is called so.
    archive: str | None = None
    image_uri: str | None = None
    image_id: str | None = None

    def to_document(self) -> Document:
        """As it is kept in a row."""
        return without_empty({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Code":
        """As it was kept in a row."""
        return cls(**document)


@dataclass(frozen=True, slots=True)
class LiveFunction:
    """A function as it is invoked: the last configuration and code that became active, together."""

    key: Key
    created_at: float
    configuration: Document
    code: Code

    @property
    def arn(self) -> str:
        """Its ARN, without a qualifier."""
        return self.key.arn

    @property
    def revision(self) -> str:
        """Another one for every change: a container serves one revision only."""
        identity: str = self.configuration["RevisionId"]
        return identity

    @property
    def timeout_seconds(self) -> int:
        """How long an invocation may take."""
        seconds: int = self.configuration["Timeout"]
        return seconds

    @property
    def memory_megabytes(self) -> int:
        """What it may use."""
        megabytes: int = self.configuration["MemorySize"]
        return megabytes

    @property
    def log_group(self) -> str:
        """Where its lines go."""
        group: str = self.configuration["LoggingConfig"]["LogGroup"]
        return group

    @property
    def image_config(self) -> Document:
        """EntryPoint, Command and WorkingDirectory, those that replace the image's own."""
        found: Document = self.configuration.get("ImageConfigResponse", {}).get("ImageConfig", {})
        return found

    @property
    def variables(self) -> dict[str, str]:
        """The environment that its owner gave it."""
        found: dict[str, str] = self.configuration.get("Environment", {}).get("Variables", {})
        return found


def created(key: Key, request: Document, code: Code, now: float) -> Resource:
    """A function that is not there yet, from CreateFunction's request with its defaults."""
    is_image = request.get("PackageType") == "Image"
    document = {
        "Description": "",
        "Timeout": DEFAULT_TIMEOUT_SECONDS,
        "MemorySize": DEFAULT_MEMORY_MEGABYTES,
        "EphemeralStorage": {"Size": DEFAULT_STORAGE_MEGABYTES},
        "TracingConfig": {"Mode": "PassThrough"},
        "Architectures": ["x86_64"],
        **{name: request[name] for name in AS_GIVEN if name in request},
        "FunctionName": key.name,
        "FunctionArn": key.arn,
        "PackageType": "Image" if is_image else "Zip",
        "Version": LATEST,
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": logging_config(key.name, request),
        "VpcConfig": vpc_config(request),
        "DeadLetterConfig": request.get("DeadLetterConfig") or None,
        "ImageConfigResponse": image_config(request) if is_image else None,
        **CREATING,
    }
    function = Resource(key, now, now, "Pending", without_empty(document))
    return _with_code(_revised(function, now), code)


def reconfigured(function: Resource, request: Document, now: float) -> Resource:
    """The function with the changes of UpdateFunctionConfiguration, on their way."""
    changes: Document = {name: request[name] for name in AS_GIVEN if name in request}
    if "VpcConfig" in request:
        changes["VpcConfig"] = vpc_config(request)
    if "DeadLetterConfig" in request:
        changes["DeadLetterConfig"] = request["DeadLetterConfig"] or None
    if "LoggingConfig" in request:
        changes["LoggingConfig"] = logging_config(function.name, request)
    if "ImageConfig" in request:
        changes["ImageConfigResponse"] = image_config(request)
    return _revised(function.with_document({**changes, **UPDATING}), now)


def recoded(function: Resource, request: Document, code: Code, now: float) -> Resource:
    """The function with other code, on its way."""
    architectures = {name: request[name] for name in ("Architectures",) if name in request}
    return _with_code(_revised(function.with_document({**architectures, **UPDATING}), now), code)


def activated(function: Resource, now: float) -> Resource:
    """The function as it runs from now on."""
    settled = {"State": "Active", "LastUpdateStatus": "Successful"}
    gone = ("StateReason", "StateReasonCode", "LastUpdateStatusReason", "LastUpdateStatusReasonCode")
    active = _revised(function.with_document({**dict.fromkeys(gone), **settled}), now)
    live = {"configuration": active.document, "code": active.internal["code"]}
    return active.in_status("Active").with_internal({"live": live})


def failed(function: Resource, reason: str, now: float) -> Resource:
    """The function whose creation, or whose last update, cannot be carried out; what ran goes on."""
    if "live" in function.internal:
        told = {
            "LastUpdateStatus": "Failed",
            "LastUpdateStatusReason": reason,
            "LastUpdateStatusReasonCode": "InternalError",
        }
        return _revised(function.with_document(told), now)
    told = {"State": "Failed", "StateReason": reason, "StateReasonCode": "InternalError"}
    return _revised(function.with_document(told), now).in_status("Failed")


def is_settled(function: Resource) -> bool:
    """Whether nothing is on its way."""
    return function.status != "Pending" and function.document.get("LastUpdateStatus") != "InProgress"


def live_function(function: Resource) -> LiveFunction | None:
    """What runs when it is invoked; None as long as it has never been active."""
    live = function.internal.get("live")
    if live is None:
        return None
    code = Code.from_document(live["code"])
    return LiveFunction(function.key, function.created_at, live["configuration"], code)


def code_of(function: Resource) -> Code:
    """The code that its configuration shows."""
    return Code.from_document(function.internal["code"])


def logging_config(name: str, request: Document) -> Document:
    """Where lines go, with Lambda's defaults."""
    return {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **request.get("LoggingConfig", {})}


def vpc_config(request: Document) -> Document | None:
    """A VPC as Lambda shows it; None where there is none. It is recorded and nothing else."""
    given = request.get("VpcConfig") or {}
    if not given.get("SubnetIds"):
        return None
    return {"VpcId": "", "SecurityGroupIds": [], **given}


def image_config(request: Document) -> Document:
    """What replaces the image's own entry point, command and folder."""
    given = {name: value for name, value in (request.get("ImageConfig") or {}).items() if value}
    return {"ImageConfig": given} if given else {}


def _with_code(function: Resource, code: Code) -> Resource:
    shown = {"CodeSha256": code.sha256, "CodeSize": code.size_bytes}
    return function.with_document(shown).with_internal({"code": code.to_document()})


def _revised(function: Resource, now: float) -> Resource:
    """Another revision, of this moment."""
    moment = datetime.fromtimestamp(now, UTC)
    written = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"
    return function.with_document({"LastModified": written, "RevisionId": str(uuid.uuid4())})
