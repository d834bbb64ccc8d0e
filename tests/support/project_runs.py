"""The verbs of a project as a person runs them, and what is there afterwards by other clients' account."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.commands import ROOT
from tests.support.containers import wait_until
from tests.support.localstack import LocalStack

TIMEOUT_SECONDS = 1200
PIPELINE_ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass(frozen=True)
class Ended:
    """A verb that is over."""

    returncode: int
    stdout: str
    stderr: str
    build_dir: Path

    @property
    def record(self) -> dict[str, Any]:
        """build/run.json."""
        return self.written("run")

    def written(self, name: str) -> dict[str, Any]:
        """build/<name>.json."""
        read: dict[str, Any] = json.loads((self.build_dir / f"{name}.json").read_text(encoding="utf-8"))
        return read

    @property
    def all_that_it_said(self) -> str:
        """Both streams, for a failure's message."""
        return self.stdout + self.stderr


@dataclass(frozen=True)
class Verbs:
    """A project in one LocalStack, with build files in one folder."""

    localstack: LocalStack
    build_dir: Path
    project: str

    @property
    def name(self) -> str:
        """What its bucket, group of versions and endpoint are called."""
        return f"slipway-{self.project}"

    @property
    def pipeline(self) -> str:
        """What its training pipeline is called."""
        return f"{self.name}-training"

    @property
    def environment(self) -> dict[str, str]:
        """What a shell has where nobody chose any rows."""
        rows = ("DATA", f"SLIPWAY_{self.project.upper()}_CSV")
        kept = {name: value for name, value in os.environ.items() if name not in rows}
        return {**kept, "AWS_ENDPOINT_URL": self.localstack.endpoint_url}

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The program behind a verb."""
        program = [sys.executable, "-m", "orchestration", verb, "--project", self.project]
        return [*program, "--build-dir", str(self.build_dir), *arguments]

    def __call__(self, verb: str, *arguments: str, **environment: str) -> Ended:
        """Run a verb to its end."""
        answer = subprocess.run(
            self.command(verb, *arguments),
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Ended(answer.returncode, answer.stdout, answer.stderr, self.build_dir)

    @property
    def sagemaker(self) -> Any:
        """Another client of the same account."""
        return self.localstack.client("sagemaker")

    def versions(self) -> dict[int, str]:
        """The approval status of every version."""
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=self.name)
        return {
            item["ModelPackageVersion"]: item["ModelApprovalStatus"]
            for page in pages
            for item in page["ModelPackageSummaryList"]
        }

    def version(self, number: int) -> dict[str, Any]:
        """DescribeModelPackage of one of them."""
        arn = f"arn:aws:sagemaker:us-east-1:000000000000:model-package/{self.name}/{number}"
        described: dict[str, Any] = self.sagemaker.describe_model_package(ModelPackageName=arn)
        return described

    def served_version(self) -> int:
        """Which version the endpoint serves, once it serves one."""

        def look() -> int | None:
            endpoint = self.sagemaker.describe_endpoint(EndpointName=self.name)
            if endpoint["EndpointStatus"] != "InService":
                return None
            # The endpoint's containers are of the configuration that it names.
            config = self.sagemaker.describe_endpoint_config(
                EndpointConfigName=endpoint["EndpointConfigName"]
            )
            model = self.sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
            return int(model["Containers"][0]["ModelPackageName"].rpartition("/")[2])

        return wait_until(look, f"{self.name} to be in service")

    def executions(self) -> list[dict[str, Any]]:
        """Every execution of the pipeline, newest first."""
        pages = self.sagemaker.get_paginator("list_pipeline_executions").paginate(
            PipelineName=self.pipeline, SortBy="CreationTime", SortOrder="Descending"
        )
        return [item for page in pages for item in page["PipelineExecutionSummaries"]]

    def upload(self, name: str, body: bytes) -> str:
        """Put an object below the watched prefix, and return its version."""
        answer = self.localstack.client("s3").put_object(Bucket=self.name, Key=f"incoming/{name}", Body=body)
        version: str = answer["VersionId"]
        return version

    def execution_after(self, count: int) -> dict[str, Any]:
        """The execution that is started after the first `count`, once it has ended."""

        def look() -> dict[str, Any] | None:
            executions = self.executions()
            newest = executions[0] if len(executions) > count else None
            return newest if newest and newest["PipelineExecutionStatus"] in PIPELINE_ENDED else None

        return wait_until(look, f"execution {count + 1} of {self.pipeline} to end", 300)

    def steps(self, execution: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The steps of an execution that were reached, by name."""
        listed = self.sagemaker.list_pipeline_execution_steps(
            PipelineExecutionArn=execution["PipelineExecutionArn"]
        )["PipelineExecutionSteps"]
        return {step["StepName"]: step for step in listed}
