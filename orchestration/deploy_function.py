"""The Lambda function that deploys approved versions: its code packed, itself created or updated."""

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_code
from orchestration.names import (
    bucket_name,
    deploy_function_name,
    endpoint_name,
    model_package_group_name,
)

CODE = Path(__file__).parent / "handlers" / "deploy.py"
RUNTIME, HANDLER = "python3.13", "deploy.handler"
TIMEOUT_SECONDS, MEMORY_MB = 60, 256
# The earliest time that a zip archive can hold: the same code is the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class DeployFunction:
    """The function of one project."""

    aws: Aws
    project: str

    @property
    def name(self) -> str:
        """Its name."""
        return deploy_function_name(self.project)

    def ensure(self) -> str:
        """Make the function what it should be and return its ARN."""
        archive = packed(CODE)
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
            Description=f"Deploys the approved versions of {model_package_group_name(self.project)}",
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
        role_arn = self.aws.settings.role_arn
        return {
            "Runtime": RUNTIME,
            "Handler": HANDLER,
            "Role": role_arn,
            "Timeout": TIMEOUT_SECONDS,
            "MemorySize": MEMORY_MB,
            "Environment": {
                "Variables": {
                    "ENDPOINT_NAME": endpoint_name(self.project),
                    "MODEL_PACKAGE_GROUP_NAME": model_package_group_name(self.project),
                    "ROLE_ARN": role_arn,
                    "DATA_CAPTURE_URI": f"s3://{bucket_name(self.project)}/captured",
                }
            },
        }


def packed(file: Path) -> bytes:
    """A zip archive of one module, the same bytes for the same text."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        member = zipfile.ZipInfo(file.name, EPOCH)
        # Whoever the function runs as may read it.
        member.external_attr = 0o644 << 16
        member.compress_type = zipfile.ZIP_DEFLATED
        files.writestr(member, file.read_text(encoding="utf-8"))
    return archive.getvalue()
