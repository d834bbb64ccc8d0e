"""What a serving container is told."""

from collections.abc import Mapping
from dataclasses import dataclass

from smcontract.failure import ContractError

DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True)
class HostingSettings:
    """How this container is asked to serve, from the variables SageMaker sets.

    `max_payload_mb` is set for a batch transform whose caller asked for it.
    """

    bind_port: int = DEFAULT_PORT
    batch: bool = False
    max_payload_mb: int | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "HostingSettings":
        """The settings in `environ`. Raises ContractError for a number that is none."""
        return cls(
            bind_port=_number(environ, "SAGEMAKER_BIND_TO_PORT", DEFAULT_PORT, 1, 65535),
            # The service writes "true", the SDK's local mode "True".
            batch=environ.get("SAGEMAKER_BATCH", "").lower() == "true",
            max_payload_mb=(
                _number(environ, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 6, 0, 100)
                if environ.get("SAGEMAKER_MAX_PAYLOAD_IN_MB")
                else None
            ),
        )


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise ContractError(f"{name}={text!r} is not a whole number from {low} to {high}.")
    return int(text)
