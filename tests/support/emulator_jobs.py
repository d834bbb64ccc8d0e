"""Jobs of the emulator, asked for by an unmodified client and judged by the engine's and S3's own facts."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from tests.support.containers import wait_until
from tests.support.emulator import Emulator

ROLE = "arn:aws:iam::000000000000:role/jobs"
ENDED = ("Completed", "Failed", "Stopped")
END_SECONDS = 300
LIMIT = {"MaxRuntimeInSeconds": 600}

Description = dict[str, Any]


@dataclass(frozen=True)
class Jobs:
    """Training and processing jobs of an emulator that run `image`."""

    emulator: Emulator
    image: str

    @cached_property
    def sagemaker(self) -> Any:
        """The emulator, as any client sees it."""
        return self.emulator.client("sagemaker")

    # -- asking ---------------------------------------------------------------

    def process(
        self,
        command: str,
        inputs: dict[str, str] | None = None,
        outputs: dict[str, str] | None = None,
        instances: int = 1,
        name: str | None = None,
        **members: Any,
    ) -> str:
        """Start a processing job that runs `command` in a shell, and return its name.

        `inputs` and `outputs` are keys of the bucket by the name of their
        folder below /opt/ml/processing.
        """
        name = name or f"p-{uuid4().hex[:8]}"
        request = {
            "ProcessingJobName": name,
            "RoleArn": ROLE,
            "AppSpecification": {"ImageUri": self.image, "ContainerEntrypoint": ["sh", "-c", command]},
            "ProcessingResources": {"ClusterConfig": cluster(instances)},
            "ProcessingInputs": [self.processing_input(*each) for each in (inputs or {}).items()],
            "ProcessingOutputConfig": {
                "Outputs": [self.processing_output(*each) for each in (outputs or {}).items()]
            },
            "StoppingCondition": LIMIT,
        }
        self.sagemaker.create_processing_job(**(request | members))
        return name

    def train(
        self,
        command: str | None,
        channels: dict[str, str] | None = None,
        instances: int = 1,
        name: str | None = None,
        algorithm: dict[str, Any] | None = None,
        **members: Any,
    ) -> str:
        """Start a training job that runs `command` in a shell, or `train` without one, and return its name.

        `channels` are keys of the bucket by the name of the channel.
        """
        name = name or f"t-{uuid4().hex[:8]}"
        specification: dict[str, Any] = {"TrainingImage": self.image, "TrainingInputMode": "File"}
        if command is not None:
            specification["ContainerEntrypoint"] = ["sh", "-c", command]
        request = {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": specification | (algorithm or {}),
            "OutputDataConfig": {"S3OutputPath": self.uri("models")},
            "ResourceConfig": cluster(instances),
            "StoppingCondition": LIMIT,
        }
        if channels:
            request["InputDataConfig"] = [self.channel(*each) for each in channels.items()]
        self.sagemaker.create_training_job(**(request | members))
        return name

    def processing_input(self, name: str, key: str, **members: Any) -> dict[str, Any]:
        """An input at /opt/ml/processing/<name>."""
        s3_input = {
            "S3Uri": self.uri(key),
            "LocalPath": f"/opt/ml/processing/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        }
        return {"InputName": name.replace("/", "-"), "S3Input": s3_input | members}

    def processing_output(self, name: str, key: str, mode: str = "EndOfJob") -> dict[str, Any]:
        """An output from /opt/ml/processing/<name>."""
        s3_output = {
            "S3Uri": self.uri(key),
            "LocalPath": f"/opt/ml/processing/{name}",
            "S3UploadMode": mode,
        }
        return {"OutputName": name.replace("/", "-"), "S3Output": s3_output}

    def channel(self, name: str, key: str, distribution: str = "FullyReplicated", **members: Any) -> Any:
        """A channel of all objects below a key."""
        source = {
            "S3DataType": "S3Prefix",
            "S3Uri": self.uri(key),
            "S3DataDistributionType": distribution,
        }
        return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **members}

    # -- judging --------------------------------------------------------------

    def describe(self, name: str) -> Description:
        """What Describe says of a job now."""
        if name.startswith("p"):
            described: Description = self.sagemaker.describe_processing_job(ProcessingJobName=name)
        else:
            described = self.sagemaker.describe_training_job(TrainingJobName=name)
        del described["ResponseMetadata"]
        return described

    def status(self, name: str) -> str:
        """Its status now."""
        described = self.describe(name)
        status: str = described.get("ProcessingJobStatus") or described["TrainingJobStatus"]
        return status

    def ended(self, name: str) -> Description:
        """What Describe says of a job once it has ended."""

        def described() -> Description | None:
            return self.describe(name) if self.status(name) in ENDED else None

        return wait_until(described, f"{name} to end", END_SECONDS)

    def completed(self, name: str) -> Description:
        """What Describe says of a job, which must end well."""
        described = self.ended(name)
        assert self.status(name) == "Completed", described
        return described

    def running(self, name: str) -> Any:
        """The first container of a job, once it runs."""

        def found() -> Any:
            return next((each for each in self.containers(name) if each.status == "running"), None)

        return wait_until(found, f"{name} to run")

    def containers(self, name: str) -> list[Any]:
        """The containers of a job, running or not, by the engine's own account."""
        arn = self.describe(name)
        label = f"slipway.resource={arn.get('ProcessingJobArn') or arn['TrainingJobArn']}"
        client = self.emulator.container.client
        found = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
        return [each for each in found if self.emulator.jobs_volume in str(each.attrs["Mounts"])]

    def files_left(self) -> list[str]:
        """What is left in the volume of the jobs' files."""
        listed = self.emulator.container.exec_run(
            [
                "find",
                "/var/lib/slipway/jobs/training-job",
                "/var/lib/slipway/jobs/processing-job",
                "-mindepth",
                "1",
            ]
        )
        return [line for line in listed.output.decode().splitlines() if "No such file" not in line]

    # -- S3 -------------------------------------------------------------------

    def uri(self, key: str) -> str:
        """The URI of a key of the bucket."""
        return f"s3://{self.emulator.bucket}/{key}"

    def put(self, objects: dict[str, str | bytes]) -> None:
        """Store objects."""
        for key, content in objects.items():
            body = content.encode() if isinstance(content, str) else content
            self.emulator.s3.put_object(Bucket=self.emulator.bucket, Key=key, Body=body)

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Objects below a prefix, by what follows it."""
        listed = self.emulator.s3.list_objects_v2(Bucket=self.emulator.bucket, Prefix=prefix)
        return {
            each["Key"].removeprefix(prefix): self.emulator.s3.get_object(
                Bucket=self.emulator.bucket, Key=each["Key"]
            )["Body"].read()
            for each in listed.get("Contents", ())
        }


def cluster(instances: int) -> dict[str, Any]:
    """Instances of a type that every machine has room for."""
    return {"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 1}
