"""Monitoring schedules without a socket: operations and executors are real, S3 and the jobs' ends are not."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from slipway.executors.monitoring_execution import MonitoringExecutionExecutor
from slipway.executors.monitoring_jobs import MonitoringJobs
from slipway.executors.monitoring_schedule import MonitoringScheduleExecutor
from slipway.executors.monitoring_window import Windows
from slipway.faults import Faults
from slipway.operations.job_definitions import JobDefinitions
from slipway.operations.monitoring_alerts import MonitoringAlerts
from slipway.operations.monitoring_executions import MonitoringExecutions
from slipway.operations.monitoring_schedules import MonitoringSchedules
from slipway.operations.processing_jobs import ProcessingJobs
from slipway.resources.document import Document
from slipway.resources.lifecycle import unfinished
from slipway.resources.processing_job import ended
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.staging.s3 import S3

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane
from tests.support.endpoint_records import EndpointRecords, variant
from tests.support.registry import Checked

OWNER = Owner(ACCOUNT, REGION)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/monitoring"
BUCKET = "bucket"
ENDPOINT, VARIANT, SCHEDULE = "bank", "AllTraffic", "hourly-bank"
HOURLY, DAILY = "cron(0 * ? * * *)", "cron(0 12 ? * * *)"
HOUR_SECONDS = 3600
# 2023-11-14T22:13:20Z, where the plane's clock begins; the hour of the first start after it is 23.
BEGIN = 1_700_000_000
FIRST_START = 1_700_002_800
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": f"s3://{BUCKET}/captured",
    "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
}
INPUT_PATH, OUTPUT_PATH = "/opt/ml/processing/input_data", "/opt/ml/processing/output"
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 20}


class Objects:
    """S3's client, over a dictionary: what listing, reading and deleting need of it."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}

    def list_objects_v2(self, **parameters: Any) -> Document:
        assert parameters["Bucket"] == BUCKET
        keys = [key for key in self.content if key.startswith(parameters["Prefix"])]
        return {"Contents": [{"Key": key, "Size": len(self.content[key])} for key in keys]}

    def get_object(self, **parameters: Any) -> Document:
        if parameters["Key"] not in self.content:
            error: Any = {"Error": {"Code": "NoSuchKey", "Message": "no"}, "ResponseMetadata": {}}
            raise ClientError(error, "GetObject")
        return {"Body": io.BytesIO(self.content[parameters["Key"]])}

    def delete_objects(self, **parameters: Any) -> Document:
        for each in parameters["Delete"]["Objects"]:
            self.content.pop(each["Key"], None)
        return {}


class MonitoringPlane(ControlPlane):
    """A control plane with an endpoint that is watched; nothing starts until `work`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.objects = Objects()
        self.ahead_seconds = 0.0
        self.flushes = 0
        self.transfers = ThreadPoolExecutor(1)
        self.endpoints = EndpointRecords(folder, self)
        for each in (
            ProcessingJobs(self.store, self.clock, lambda _key: None),
            JobDefinitions(self.store, self.clock),
            MonitoringSchedules(self.store, self.clock),
            MonitoringExecutions(self.store),
            MonitoringAlerts(self.store),
        ):
            self.operations |= each.operations
        self.sagemaker = Checked(self.client())

    def watched(self, name: str = ENDPOINT, **capture: Any) -> None:
        """An endpoint in service that captures its calls."""
        self.endpoints.create_model(f"model-{name}")
        self.endpoints.create_config(
            f"config-{name}", [variant(VARIANT, f"model-{name}")], DataCaptureConfig=CAPTURE | capture
        )
        self.endpoints.ask("CreateEndpoint", EndpointName=name, EndpointConfigName=f"config-{name}")
        self.endpoints.put_in_service(name)

    # -- who carries it out ---------------------------------------------------

    def schedules(self) -> MonitoringScheduleExecutor:
        """Who starts executions, as a new process has it."""
        return MonitoringScheduleExecutor(self.store, self.clock, self.dispatcher.call)

    def executions(self, faults: Faults | None = None) -> MonitoringExecutionExecutor:
        """Who carries them out, as a new process has it."""
        api, none = self.dispatcher.call, Faults(None, self.folder)
        jobs = MonitoringJobs(self.store, api, self._s3, faults or none, lambda _key: None)
        windows = Windows(api, self._s3, self._flush)
        return MonitoringExecutionExecutor(self.store, api, windows, jobs, lambda: self.ahead_seconds)

    def work(self) -> None:
        """All that can be done now."""
        self.schedules().look()
        for execution in self.unfinished():
            self.executions().carry_out(execution.key)

    def unfinished(self) -> list[Resource]:
        """The executions that are under way."""
        return self.store.in_statuses(Kind.MONITORING_EXECUTION, unfinished(Kind.MONITORING_EXECUTION))

    def _s3(self, _owner: Owner, _role_arn: str) -> S3:
        return S3(self.objects, self.transfers)

    def _flush(self) -> bool:
        self.flushes += 1
        return True

    # -- what is there --------------------------------------------------------

    def put(self, *keys: str, content: bytes = b"{}\n") -> None:
        """Store objects of the bucket."""
        for key in keys:
            self.objects.content[key] = content

    def captured(self, *hours: str, endpoint: str = ENDPOINT) -> None:
        """Have calls been captured in hours such as 2023/11/14/22."""
        self.put(*(f"captured/{endpoint}/{VARIANT}/{hour}/00-00-000-id.jsonl" for hour in hours))

    def create(self, name: str = SCHEDULE, config: Document | None = None, **members: Any) -> str:
        """A schedule that does data quality every hour, or what `config` says; its ARN."""
        answer = self.sagemaker.create_monitoring_schedule(
            MonitoringScheduleName=name, MonitoringScheduleConfig=config or inline(), **members
        )
        arn: str = answer["MonitoringScheduleArn"]
        return arn

    def define(self, monitoring_type: str, name: str = "definition", **members: Any) -> Document:
        """A job definition, and the configuration of an hourly schedule of it."""
        method = {"ModelQuality": "model_quality", "ModelBias": "model_bias", "DataQuality": "data_quality"}
        create = getattr(self.sagemaker, f"create_{method[monitoring_type]}_job_definition")
        create(**definition(monitoring_type, name) | members)
        return named(monitoring_type, name)

    def described(self, name: str = SCHEDULE) -> Document:
        """What Describe shows of a schedule."""
        shown: Document = self.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)
        return shown

    def listed(self, **parameters: Any) -> list[Document]:
        """Executions, the latest first."""
        summaries: list[Document] = self.sagemaker.list_monitoring_executions(**parameters)[
            "MonitoringExecutionSummaries"
        ]
        return summaries

    def jobs(self) -> list[Document]:
        """Every processing job, the oldest first."""
        names = self.sagemaker.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"]
        return [self.job(each["ProcessingJobName"]) for each in names]

    def job(self, name: str) -> Document:
        """What Describe shows of a job."""
        shown: Document = self.sagemaker.describe_processing_job(ProcessingJobName=name)
        return shown

    def end(self, job: Document, status: str = "Completed", message: str | None = None, **more: Any) -> None:
        """Have a job ended, as who carries it out does."""
        key = Key(OWNER, Kind.PROCESSING_JOB, job["ProcessingJobName"])
        said = {"ExitMessage": message}
        self.store.transition(
            key, lambda present: ended(present, status, self.clock.now(), **more).with_document(said)
        )


def inline(expression: str | None = HOURLY, endpoint: str = ENDPOINT, **more: Any) -> Document:
    """A configuration that defines data quality by itself; `more` are members of its input."""
    job = {
        "MonitoringInputs": [{"EndpointInput": {"EndpointName": endpoint, "LocalPath": INPUT_PATH, **more}}],
        "MonitoringOutputConfig": output_config(),
        "MonitoringResources": {"ClusterConfig": CLUSTER},
        "MonitoringAppSpecification": {"ImageUri": "monitor:1"},
        "RoleArn": ROLE_ARN,
    }
    when = {} if expression is None else {"ScheduleConfig": {"ScheduleExpression": expression}}
    return {**when, "MonitoringJobDefinition": job}


def named(monitoring_type: str, name: str = "definition", expression: str = HOURLY) -> Document:
    """A configuration that names a definition."""
    return {
        "ScheduleConfig": {"ScheduleExpression": expression},
        "MonitoringJobDefinitionName": name,
        "MonitoringType": monitoring_type,
    }


def definition(monitoring_type: str, name: str = "definition") -> Document:
    """A request of Create<type>JobDefinition, for model quality of a regression as contracts 5.2 have it."""
    job_input: Document = {
        "EndpointInput": {"EndpointName": ENDPOINT, "LocalPath": INPUT_PATH, "InferenceAttribute": "0"}
    }
    app = {"ImageUri": "monitor:1"}
    if monitoring_type in ("ModelQuality", "ModelBias"):
        job_input["GroundTruthS3Input"] = {"S3Uri": f"s3://{BUCKET}/labels"}
    if monitoring_type == "ModelQuality":
        app["ProblemType"] = "Regression"
    if monitoring_type == "ModelBias":
        app["ConfigUri"] = f"s3://{BUCKET}/analysis_config.json"
    constraints = {"ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/baseline/constraints.json"}}
    return {
        "JobDefinitionName": name,
        f"{monitoring_type}AppSpecification": app,
        f"{monitoring_type}BaselineConfig": constraints,
        f"{monitoring_type}JobInput": job_input,
        f"{monitoring_type}JobOutputConfig": output_config(),
        "JobResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE_ARN,
    }


def output_config() -> Document:
    """Reports, below `reports` of the bucket."""
    s3_output = {"S3Uri": f"s3://{BUCKET}/reports", "LocalPath": OUTPUT_PATH}
    return {"MonitoringOutputs": [{"S3Output": s3_output}]}
