"""The only reader of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.faults import FaultPoint


class SettingsError(Exception):
    """A variable holds what it cannot; the message names it and the way out."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment decides; every variable begins with SLIPWAY_ or is one of AWS's own."""

    port: int = 4500
    # SQLite, and files on their way to the offline store or of a query, for as long as that takes.
    state_dir: Path = Path("/var/lib/slipway/state")
    # Where the volume that holds the jobs' files is mounted here, and what Docker calls it.
    jobs_dir: Path = Path("/var/lib/slipway/jobs")
    jobs_volume: str = "slipway-jobs"
    # The network on which jobs and endpoints run; the emulator is on it too.
    job_network: str = "slipway"
    # Objects. Without one of its own, S3 is where everything else of AWS is.
    s3_endpoint_url: str = "http://localhost:4566"
    # EventBridge, CloudWatch and CloudWatch Logs; None where there are none.
    aws_endpoint_url: str | None = None
    # The same for the jobs' containers, where they do not see it under that address.
    container_endpoint_url: str | None = None
    access_key_id: str = "test"
    secret_access_key: str = "test"
    # How many jobs of one kind run at a time; others wait.
    max_jobs: int = 4
    # What functions from archives run on; how many containers functions have in all, how long one
    # stays without work, and how long after its failure an event is tried again.
    lambda_image: str = "slipway/lambda_python:1"
    max_function_containers: int = 16
    function_idle_seconds: int = 300
    function_retry_seconds: int = 60
    keep_failed: bool = False
    allow_reset: bool = False
    # JSON: public image URI, or its beginning, to the image to run in its place.
    image_map: Path | None = None
    # Where this process is to die, for a test.
    fault: FaultPoint | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `environ`. Raises SettingsError, naming the variable."""
        aws = environ.get("AWS_ENDPOINT_URL") or None
        s3 = environ.get("AWS_ENDPOINT_URL_S3") or aws
        if s3 is None:
            raise SettingsError(
                "neither AWS_ENDPOINT_URL_S3 nor AWS_ENDPOINT_URL is set; "
                "name the S3 endpoint that holds the data"
            )
        default = cls()
        image_map = environ.get("SLIPWAY_IMAGE_MAP")
        return cls(
            port=_number(environ, "SLIPWAY_PORT", default.port, 1, 65535),
            state_dir=Path(environ.get("SLIPWAY_STATE_DIR") or default.state_dir),
            jobs_dir=Path(environ.get("SLIPWAY_JOBS_DIR") or default.jobs_dir),
            jobs_volume=environ.get("SLIPWAY_JOBS_VOLUME") or default.jobs_volume,
            job_network=environ.get("SLIPWAY_JOB_NETWORK") or default.job_network,
            s3_endpoint_url=s3,
            aws_endpoint_url=aws,
            container_endpoint_url=environ.get("SLIPWAY_CONTAINER_ENDPOINT_URL") or None,
            access_key_id=environ.get("AWS_ACCESS_KEY_ID") or default.access_key_id,
            secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY") or default.secret_access_key,
            max_jobs=_number(environ, "SLIPWAY_MAX_JOBS", default.max_jobs, 1, 100),
            lambda_image=environ.get("SLIPWAY_LAMBDA_IMAGE") or default.lambda_image,
            max_function_containers=_number(
                environ, "SLIPWAY_MAX_FUNCTION_CONTAINERS", default.max_function_containers, 1, 1000
            ),
            function_idle_seconds=_number(
                environ, "SLIPWAY_FUNCTION_IDLE_SECONDS", default.function_idle_seconds, 1, 86_400
            ),
            function_retry_seconds=_number(
                environ, "SLIPWAY_FUNCTION_RETRY_SECONDS", default.function_retry_seconds, 1, 86_400
            ),
            keep_failed=environ.get("SLIPWAY_KEEP_FAILED") == "1",
            allow_reset=environ.get("SLIPWAY_ALLOW_RESET") == "1",
            image_map=Path(image_map) if image_map else None,
            fault=_fault(environ),
        )


def _fault(environ: Mapping[str, str]) -> FaultPoint | None:
    text = environ.get("SLIPWAY_FAULT")
    if not text:
        return None
    try:
        return FaultPoint(text)
    except ValueError:
        points = ", ".join(point.value for point in FaultPoint)
        raise SettingsError(f"SLIPWAY_FAULT={text!r} is none of {points}") from None


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise SettingsError(f"{name}={text!r} is not a whole number from {low} to {high}")
    return int(text)
