"""The verbs of bank as a person runs them, and what is there afterwards by other clients' account."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.bank.generate import write_rows
from scripts.commands import ROOT
from tests.support.containers import wait_until
from tests.support.localstack import LocalStack

BUCKET = GROUP = ENDPOINT = "slipway-bank"
PIPELINE = "slipway-bank-training"
FEW_ROUNDS = ("--set", "hyperparameters.num_round=40", "--set", "hyperparameters.eta=0.2")
# Baselines are two jobs with a JVM in every execution; for whoever looks at something else.
WITHOUT_MONITORS = ("--set", "monitoring=null")
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
class Bank:
    """The project bank in one LocalStack, with build files in one folder."""

    localstack: LocalStack
    build_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a shell has where nobody chose any rows."""
        kept = {name: value for name, value in os.environ.items() if name not in ("DATA", "SLIPWAY_BANK_CSV")}
        return {**kept, "AWS_ENDPOINT_URL": self.localstack.endpoint_url}

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The program behind a verb."""
        program = [sys.executable, "-m", "orchestration", verb, "--project", "bank"]
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

    def encodings(self, name: str) -> dict[str, Any]:
        """DescribeFeatureGroup of a group of encodings."""
        described: dict[str, Any] = self.sagemaker.describe_feature_group(FeatureGroupName=name)
        return described

    def encoding_groups(self) -> list[str]:
        """The names of all groups of encodings."""
        pages = self.sagemaker.get_paginator("list_feature_groups").paginate(NameContains="bank-encodings")
        return [item["FeatureGroupName"] for page in pages for item in page["FeatureGroupSummaries"]]

    def forget_encodings(self) -> None:
        """Delete every group of encodings, and see them gone."""
        for name in self.encoding_groups():
            self.sagemaker.delete_feature_group(FeatureGroupName=name)
        wait_until(lambda: True if not self.encoding_groups() else None, "the groups of encodings to go")

    def versions(self) -> dict[int, str]:
        """The approval status of every version."""
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=GROUP)
        return {
            item["ModelPackageVersion"]: item["ModelApprovalStatus"]
            for page in pages
            for item in page["ModelPackageSummaryList"]
        }

    def version(self, number: int) -> dict[str, Any]:
        """DescribeModelPackage of one of them."""
        arn = f"arn:aws:sagemaker:us-east-1:000000000000:model-package/{GROUP}/{number}"
        described: dict[str, Any] = self.sagemaker.describe_model_package(ModelPackageName=arn)
        return described

    def served_version(self) -> int:
        """Which version the endpoint serves, once it serves one."""

        def look() -> int | None:
            endpoint = self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
            if endpoint["EndpointStatus"] != "InService":
                return None
            # The endpoint's containers are of the configuration that it names.
            config = self.sagemaker.describe_endpoint_config(
                EndpointConfigName=endpoint["EndpointConfigName"]
            )
            model = self.sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
            return int(model["Containers"][0]["ModelPackageName"].rpartition("/")[2])

        return wait_until(look, f"{ENDPOINT} to be in service")

    def executions(self) -> list[dict[str, Any]]:
        """Every execution of the pipeline, newest first."""
        pages = self.sagemaker.get_paginator("list_pipeline_executions").paginate(
            PipelineName=PIPELINE, SortBy="CreationTime", SortOrder="Descending"
        )
        return [item for page in pages for item in page["PipelineExecutionSummaries"]]

    def upload(self, name: str, body: bytes) -> str:
        """Put an object below the watched prefix, and return its version."""
        answer = self.localstack.client("s3").put_object(Bucket=BUCKET, Key=f"incoming/{name}", Body=body)
        version: str = answer["VersionId"]
        return version

    def execution_after(self, count: int) -> dict[str, Any]:
        """The execution that is started after the first `count`, once it has ended."""

        def look() -> dict[str, Any] | None:
            executions = self.executions()
            newest = executions[0] if len(executions) > count else None
            return newest if newest and newest["PipelineExecutionStatus"] in PIPELINE_ENDED else None

        return wait_until(look, f"execution {count + 1} of {PIPELINE} to end", 300)

    def steps(self, execution: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The steps of an execution that were reached, by name."""
        listed = self.sagemaker.list_pipeline_execution_steps(
            PipelineExecutionArn=execution["PipelineExecutionArn"]
        )["PipelineExecutionSteps"]
        return {step["StepName"]: step for step in listed}


def some_rows(folder: Path, seed: int, rows: int = 2000) -> bytes:
    """A CSV of synthetic rows, few enough to be trained on in a moment."""
    file = folder / f"rows-{seed}.csv"
    write_rows(file, rows, seed)
    return file.read_bytes()
