"""A Lambda function of a project: modules of handlers/ packed, itself created or updated."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_code
from orchestration.settings import ROOT

HANDLERS = ROOT / "orchestration" / "handlers"
# What makes the folders of an archive packages, as they are here.
PACKAGES = (HANDLERS.parent / "__init__.py", HANDLERS / "__init__.py")
RUNTIME = "python3.13"
MEMORY_MB = 256
# The earliest time that a zip archive can hold: the same code is the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Function:
    """A function whose entry point is `handler` of the first of `modules`, which are files of handlers/.

    They import each other as they do here, as orchestration.handlers.<name>, and boto3.
    """

    aws: Aws
    name: str
    description: str
    modules: tuple[str, ...]
    variables: Mapping[str, str]
    timeout_seconds: int = 60

    @property
    def handler(self) -> str:
        """What Lambda calls."""
        return f"orchestration.handlers.{self.modules[0]}.handler"

    @property
    def archive(self) -> bytes:
        """Its code, packed."""
        return packed([*PACKAGES, *(HANDLERS / f"{name}.py" for name in self.modules)])

    def ensure(self) -> str:
        """Make the function what it should be and return its ARN."""
        archive = self.archive
        try:
            present = self.aws.functions.get_function(FunctionName=self.name)["Configuration"]
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return self._create(archive)
        self._update(present, archive)
        return str(present["FunctionArn"])

    def allow(self, rule_name: str, rule_arn: str) -> None:
        """Let a rule of EventBridge call the function."""
        try:
            self.aws.functions.add_permission(
                FunctionName=self.name,
                StatementId=rule_name,
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=rule_arn,
            )
        except ClientError as error:
            if error_code(error) != "ResourceConflictException":
                raise

    def _create(self, archive: bytes) -> str:
        created = self.aws.functions.create_function(
            FunctionName=self.name,
            Description=self.description,
            Code={"ZipFile": archive},
            **self._configuration(),
        )
        self.aws.functions.get_waiter("function_active_v2").wait(
            FunctionName=self.name, WaiterConfig={"Delay": 1}
        )
        return str(created["FunctionArn"])

    def _update(self, present: dict[str, Any], archive: bytes) -> None:
        wanted = self._configuration()
        if any(present.get(name) != value for name, value in wanted.items()):
            self.aws.functions.update_function_configuration(FunctionName=self.name, **wanted)
            self._wait_until_updated()
        if present["CodeSha256"] != base64.b64encode(hashlib.sha256(archive).digest()).decode():
            self.aws.functions.update_function_code(FunctionName=self.name, ZipFile=archive)
            self._wait_until_updated()

    def _wait_until_updated(self) -> None:
        # Calls in the meantime get the old function, or are refused.
        self.aws.functions.get_waiter("function_updated_v2").wait(
            FunctionName=self.name, WaiterConfig={"Delay": 1}
        )

    def _configuration(self) -> dict[str, Any]:
        return {
            "Runtime": RUNTIME,
            "Handler": self.handler,
            "Role": self.aws.settings.role_arn,
            "Timeout": self.timeout_seconds,
            "MemorySize": MEMORY_MB,
            "Environment": {"Variables": dict(self.variables)},
        }


def packed(files: Iterable[Path], root: Path = ROOT) -> bytes:
    """A zip archive of modules, each at its place below `root`, the same bytes for the same texts."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(files):
            member = zipfile.ZipInfo(file.relative_to(root).as_posix(), EPOCH)
            # Whoever the function runs as may read it.
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, file.read_text(encoding="utf-8"))
    return archive.getvalue()
