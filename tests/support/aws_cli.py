"""The AWS CLI, version 1, as a person uses it: a program, its exit code, and what it prints."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.commands import ROOT
from tests.support.containers import wait_until

PROGRAM = ROOT / ".venv-awscli" / "bin" / "aws"
COMMAND_SECONDS = 300
ROLE = "arn:aws:iam::000000000000:role/slipway"
INSTANCES = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
ENDED = {"Completed", "Failed", "Stopped"}


@dataclass(frozen=True, slots=True)
class Refused:
    """The end of a command that could not be carried out."""

    exit_code: int
    message: str


@dataclass(frozen=True, slots=True)
class AwsCli:
    """The program at one endpoint, with credentials that mean nothing."""

    endpoint_url: str
    folder: Path

    def __call__(self, *words: str, **options: object) -> Any:
        """What a command prints, as JSON where it is; fails where the command does.

        `options` are written as --their-name; what is neither text nor number as JSON.
        """
        ended = self._run(*words, *written(options))
        assert ended.returncode == 0, f"{' '.join(words)}: {ended.stderr.strip()}"
        try:
            return json.loads(ended.stdout)
        except ValueError:
            return ended.stdout

    def refused(self, *words: str, **options: object) -> Refused:
        """How a command fails; fails itself where the command does not."""
        ended = self._run(*words, *written(options))
        assert ended.returncode != 0, f"{' '.join(words)} printed {ended.stdout}"
        return Refused(ended.returncode, ended.stderr.strip())

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        assert PROGRAM.exists(), f"{PROGRAM.relative_to(ROOT)} is not there; `make test` makes it"
        theirs = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run(
            [str(PROGRAM), *words],
            check=False,
            cwd=self.folder,
            env={
                **theirs,
                "AWS_ENDPOINT_URL": self.endpoint_url,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                # Nobody's own settings are read.
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            },
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )


def written(options: dict[str, object]) -> Iterable[str]:
    """Options as words; a list of texts is several words, as the CLI wants it."""
    for name, value in options.items():
        yield f"--{name.replace('_', '-')}"
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            yield from value
        elif isinstance(value, str | int | float):
            yield str(value)
        else:
            yield json.dumps(value)


def process(aws: AwsCli, image: str, name: str, program: str, **options: object) -> str:
    """Create a processing job that runs a line of shell; returns its ARN."""
    created = aws(
        *("sagemaker", "create-processing-job"),
        processing_job_name=name,
        role_arn=ROLE,
        app_specification={"ImageUri": image, "ContainerEntrypoint": ["sh", "-c", program]},
        processing_resources={"ClusterConfig": INSTANCES},
        **options,
    )
    return str(created["ProcessingJobArn"])


def until_ended(aws: AwsCli, kind: str, name: str) -> dict[str, Any]:
    """What describe-*-job says once the job has ended."""
    member = {"processing": "ProcessingJob", "training": "TrainingJob"}[kind]

    def ended() -> dict[str, Any] | None:
        described = aws("sagemaker", f"describe-{kind}-job", f"--{kind}-job-name", name)
        return described if described[f"{member}Status"] in ENDED else None

    return wait_until(ended, f"{name} to end")
