"""The only reader of environment variables. Standard library only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = ROOT / "projects"
# A configuration of the SDK that keeps it from reporting calls to AWS.
TELEMETRY_OPT_OUT = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment decides; nothing else in orchestration reads it."""

    endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None
    role_arn: str
    data: str | None
    project_data: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `environ`; what is absent gets the value that suits the local stack."""
        return cls(
            endpoint_url=environ.get("AWS_ENDPOINT_URL", "http://localhost:4566"),
            region=environ.get("AWS_DEFAULT_REGION", "us-east-1"),
            access_key_id=environ.get("AWS_ACCESS_KEY_ID", "test"),
            secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY", "test"),
            session_token=environ.get("AWS_SESSION_TOKEN"),
            role_arn=environ.get("SLIPWAY_ROLE_ARN", "arn:aws:iam::000000000000:role/slipway"),
            data=environ.get("DATA") or None,
            project_data=_named(environ, "SLIPWAY_", "_CSV"),
            images=_named(environ, "SLIPWAY_IMAGE_", ""),
        )

    def csv_of(self, project: str) -> tuple[str, str] | None:
        """The variable's name and the path that SLIPWAY_<PROJECT>_CSV gives, if it is set."""
        name = environment_name(project)
        path = self.project_data.get(name)
        return (f"SLIPWAY_{name}_CSV", path) if path else None

    def image_of(self, name: str) -> str | None:
        """The image reference that SLIPWAY_IMAGE_<NAME> gives, if it is set."""
        return self.images.get(environment_name(name))

    def for_sdk(self) -> dict[str, str]:
        """The variables that the SageMaker SDK must find before it is imported."""
        return {
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            # The IAM preflight asks a policy simulator that LocalStack cannot be.
            "SAGEMAKER_VALIDATE_ROLE": "false",
            # A machine's own SDK defaults would change what a run does.
            "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": os.devnull,
            "SAGEMAKER_USER_CONFIG_OVERRIDE": os.devnull,
        }


def environment_name(name: str) -> str:
    """`name` as it is spelled inside a variable."""
    return name.upper().replace("-", "_")


def _named(environ: Mapping[str, str], prefix: str, suffix: str) -> dict[str, str]:
    return {
        name[len(prefix) : len(name) - len(suffix)]: value
        for name, value in environ.items()
        if name.startswith(prefix) and name.endswith(suffix) and value
    }
