"""An endpoint of a real emulator that is watched, and schedules that watch it, whose clock tests move."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.support.containers import wait_until
from tests.support.emulator_jobs import ROLE, Jobs, cluster
from tests.support.emulator_schedules import Schedules, next_hours
from tests.support.endpoints import Endpoints, new_name

HOURLY = "cron(0 * ? * * *)"
ENDED = ("Completed", "CompletedWithViolations", "Failed", "Stopped")
WAIT_SECONDS = 180
INPUT_PATH, OUTPUT_PATH = "/opt/ml/processing/input_data", "/opt/ml/processing/output"
# A merge that needs a label and joins nothing, and an analysis that says what its environment tells it to:
# both leave what they were given.
ANALYZER = (
    'if [ "$ground_truth_source" ]; then find $ground_truth_source -type f | grep -q . && '
    "cp -r $dataset_source/. $output_path; else cat $(find $dataset_source -type f) > $output_path/seen; "
    'printf "$SAYS" > /opt/ml/output/message; fi'
)

Description = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """An endpoint whose calls are captured below `captured` of the emulator's bucket."""

    endpoints: Endpoints
    jobs: Jobs
    clock: Schedules
    endpoint: str

    @property
    def sagemaker(self) -> Any:
        """An unmodified client."""
        return self.jobs.sagemaker

    # -- asking ---------------------------------------------------------------

    def enter_hour(self) -> str:
        """Let a new hour begin; the folder of the one that comes after it, such as 2026/01/31/23."""
        self.clock.enter_hour()
        [hour] = next_hours(self.clock.emulator, 1)
        return hour[:13].replace("-", "/").replace("T", "/")

    def pass_hour(self) -> None:
        """Let this hour end."""
        self.clock.move("1h")

    def label(self, identity: str, truth: str) -> None:
        """Upload a ground truth, as somebody does whose clock nobody moves."""
        line = {
            "groundTruthData": {"data": truth, "encoding": "CSV"},
            "eventMetadata": {"eventId": identity},
            "eventVersion": "0",
        }
        self.jobs.put({f"labels/{datetime.now(UTC):%Y/%m/%d/%H}/{identity}.jsonl": json.dumps(line) + "\n"})

    def call(self, times: int = 3) -> set[str]:
        """Call the endpoint; the inference ids, which captured lines have."""
        identities = {uuid4().hex for _ in range(times)}
        for identity in identities:
            self.endpoints.runtime.invoke_endpoint(
                EndpointName=self.endpoint, Body=b"1,2", ContentType="text/csv", InferenceId=identity
            )
        return identities

    def watch(self, says: str = "", command: str = ANALYZER, **config: Any) -> str:
        """A schedule of data quality, in force; its name."""
        job = {
            "MonitoringInputs": [{"EndpointInput": self.endpoint_input()}],
            "MonitoringOutputConfig": self.output_config(),
            "MonitoringResources": {"ClusterConfig": cluster(1)},
            "MonitoringAppSpecification": self.app(command),
            "Environment": {"SAYS": says},
            "RoleArn": ROLE,
        }
        return self.scheduled({"MonitoringJobDefinition": job}, **config)

    def watch_quality(self, app: Description, baseline: Description | None = None) -> str:
        """A schedule of model quality of a regression, in force; its name."""
        definition = new_name("quality")
        job_input = {
            "EndpointInput": {**self.endpoint_input(), "InferenceAttribute": "0"},
            "GroundTruthS3Input": {"S3Uri": self.jobs.uri("labels")},
        }
        self.sagemaker.create_model_quality_job_definition(
            JobDefinitionName=definition,
            ModelQualityAppSpecification={**app, "ProblemType": "Regression"},
            ModelQualityBaselineConfig=baseline or {},
            ModelQualityJobInput=job_input,
            ModelQualityJobOutputConfig=self.output_config(),
            JobResources={"ClusterConfig": cluster(1)},
            RoleArn=ROLE,
        )
        named = {"MonitoringJobDefinitionName": definition, "MonitoringType": "ModelQuality"}
        return self.scheduled(named)

    def scheduled(self, job: Description, **config: Any) -> str:
        """A schedule, in force; its name."""
        name = new_name("watch")
        config = {"ScheduleExpression": HOURLY} | config
        self.sagemaker.create_monitoring_schedule(
            MonitoringScheduleName=name, MonitoringScheduleConfig={"ScheduleConfig": config, **job}
        )

        def in_force() -> bool | None:
            described = self.described(name)
            assert described["MonitoringScheduleStatus"] != "Failed", described
            return described["MonitoringScheduleStatus"] == "Scheduled" or None

        wait_until(in_force, f"{name} to be scheduled", WAIT_SECONDS)
        return name

    def endpoint_input(self) -> Description:
        """The endpoint, as a job's input."""
        return {"EndpointName": self.endpoint, "LocalPath": INPUT_PATH}

    def output_config(self) -> Description:
        """Reports, below `reports` of the bucket."""
        s3_output = {"S3Uri": self.jobs.uri("reports"), "LocalPath": OUTPUT_PATH}
        return {"MonitoringOutputs": [{"S3Output": s3_output}]}

    def app(self, command: str = ANALYZER) -> Description:
        """A shell command in place of an analyzer."""
        return {"ImageUri": self.jobs.image, "ContainerEntrypoint": ["sh", "-c", command]}

    # -- judging --------------------------------------------------------------

    def described(self, schedule: str) -> Description:
        """What Describe shows of a schedule."""
        shown: Description = self.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule)
        return shown

    def executions(self, schedule: str) -> list[Description]:
        """A schedule's executions, the latest first."""
        listed: list[Description] = self.sagemaker.list_monitoring_executions(
            MonitoringScheduleName=schedule, SortBy="ScheduledTime"
        )["MonitoringExecutionSummaries"]
        return listed

    def under_way(self, schedule: str) -> Description:
        """The one execution of a schedule, once it has a job."""

        def found() -> Description | None:
            return next((each for each in self.executions(schedule) if "ProcessingJobArn" in each), None)

        return wait_until(found, f"{schedule} to have a job", WAIT_SECONDS)

    def ended(self, schedule: str, count: int = 1) -> Description:
        """The latest of so many executions of a schedule, once it has ended."""

        def last() -> Description | None:
            found = self.executions(schedule)
            is_over = len(found) == count and found[0]["MonitoringExecutionStatus"] in ENDED
            return found[0] if is_over else None

        return wait_until(last, f"execution {count} of {schedule} to end", WAIT_SECONDS)

    def job_names(self, schedule: str) -> list[str]:
        """The jobs of a schedule, the oldest first, by their own descriptions."""
        arn = f"arn:aws:sagemaker:us-east-1:000000000000:monitoring-schedule/{schedule.lower()}"
        listed = self.sagemaker.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"]
        names = [each["ProcessingJobName"] for each in listed]
        return [name for name in names if self.job(name).get("MonitoringScheduleArn") == arn]

    def containers(self, job: str) -> list[Any]:
        """The containers of a job, by the engine's account."""
        arn = self.job(job)["ProcessingJobArn"]
        return [
            each for each in self.jobs.emulator.job_containers() if each.labels["slipway.resource"] == arn
        ]

    def job(self, name: str) -> Description:
        """What Describe shows of a job."""
        shown: Description = self.sagemaker.describe_processing_job(ProcessingJobName=name)
        return shown

    def seen(self, schedule: str, hour: str) -> set[str]:
        """The inference ids that the analysis of a schedule's start at `hour` was given."""
        lines = [json.loads(line) for line in self.report(schedule, hour)["seen"].decode().splitlines()]
        return {line["eventMetadata"]["inferenceId"] for line in lines}

    def report(self, schedule: str, hour: str) -> dict[str, bytes]:
        """What the analysis of a schedule's start at `hour` has left."""
        return self.jobs.objects(f"reports/{self.endpoint}/{schedule}/{hour}/")
