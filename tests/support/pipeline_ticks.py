"""Pipeline executions whose ticks a test makes; all is real but containers, queues, functions and S3."""

import itertools
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from slipway.errors import ServiceError
from slipway.executors.pipeline.attempts import Attempts
from slipway.executors.pipeline.callbacks import CallbackRunner
from slipway.executors.pipeline.decisions import ConditionRunner, FailRunner
from slipway.executors.pipeline.errands import Errands
from slipway.executors.pipeline.execution import ExecutionExecutor, Parts
from slipway.executors.pipeline.functions import LambdaRunner
from slipway.executors.pipeline.job_watch import JobWatch
from slipway.executors.pipeline.jobs import PROCESSING, TRAINING, JobRunner, JobWords
from slipway.executors.pipeline.quality_checks import QualityCheckRunner
from slipway.executors.pipeline.registry import ModelRunner, RegisterModelRunner
from slipway.executors.pipeline.results import Results
from slipway.executors.pipeline.timer import Timer
from slipway.faults import Faults
from slipway.operations.models import Models
from slipway.operations.processing_jobs import ProcessingJobs
from slipway.operations.training_jobs import TrainingJobs
from slipway.pipelines.expressions import ExpressionError
from slipway.pipelines.parts import StepType
from slipway.resources.document import Document
from slipway.resources.processing_job import ended
from slipway.resources.resource import Key, Kind, Owner, Resource

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane, MovableClock
from tests.support.pipeline_plane import PipelinePlane, definition, key

OWNER = Owner(ACCOUNT, REGION)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipelines"
NOWHERE = Faults(None, Path("/nonexistent"))


def processing(name: str, *after: str, environment: Any = None, **members: Any) -> Document:
    """A step with a job as small as can be."""
    arguments = {
        "AppSpecification": {"ImageUri": "image"},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
        "Environment": environment or {},
    }
    depends = {"DependsOn": list(after)} if after else {}
    return {"Name": name, "Type": "Processing", "Arguments": arguments, **depends, **members}


class NotedTimer(Timer):
    """Notes who asked for what, and rings for nobody."""

    def __init__(self) -> None:
        super().__init__("unused", lambda _key: None)
        self.asked: list[tuple[float, Key]] = []

    def after(self, seconds: float, key: Key) -> None:
        """Note it."""
        self.asked.append((seconds, key))


class DeadError(BaseException):
    """The process has died, as far as a test goes: nothing after it is done."""


class Ticking:
    """A control plane, and an executor that is at work only when a test says so.

    `functions` answer a Lambda's Invoke by ARN; `objects` are the JSON that can
    be read, by URI; `sent` are the messages to queues, by URL.
    """

    def __init__(self, folder: Path) -> None:
        self.functions: dict[str, Callable[[bytes], Document]] = {}
        self.objects: dict[str, object] = {}
        self.sent: list[tuple[str, Document]] = []
        # What the next calls of an operation are answered, one a call, in place of carrying it out.
        self.refusals: dict[str, list[ServiceError]] = {}
        # The operation after which the process dies, once.
        self.dies_after: str | None = None
        self.calls: list[str] = []
        self.real_clock = MovableClock()
        self.plane = ControlPlane(folder)
        self.store, self.clock = self.plane.store, self.plane.clock
        PipelinePlane(self.plane)
        self.plane.operations |= {
            **Models(self.store, self.clock, self.plane.packages.resolve_container).operations,
            **ProcessingJobs(self.store, self.clock, lambda _key: None).operations,
            **TrainingJobs(self.store, self.clock, lambda _key: None).operations,
        }
        self._woken: SimpleQueue[Key] = SimpleQueue()
        self._identities = (f"id{number:08d}" for number in itertools.count())
        self.timer = NotedTimer()
        self.watch = JobWatch(self._woken.put)
        self.store.subscribe(self.watch.on_change)
        self.executor = self.new_executor()

    def new_executor(self) -> ExecutionExecutor:
        """One that has nothing in memory, as after a restart."""
        self.watch.clear()
        errands = Errands("errand", 2)
        return ExecutionExecutor(
            Parts(
                self.store,
                self.clock,
                self.real_clock,
                self._call,
                lambda _owner, _step, _execution: self._read,
                Attempts(self.clock, self.real_clock, lambda: next(self._identities)),
                self.timer,
                (errands,),
            ),
            {
                StepType.PROCESSING: self._job_runner(PROCESSING),
                StepType.TRAINING: self._job_runner(TRAINING),
                StepType.QUALITY_CHECK: QualityCheckRunner(self._job_runner(PROCESSING)),
                StepType.MODEL: ModelRunner(NOWHERE),
                StepType.REGISTER_MODEL: RegisterModelRunner(NOWHERE),
                StepType.CONDITION: ConditionRunner(),
                StepType.FAIL: FailRunner(),
                StepType.LAMBDA: LambdaRunner(errands, self.timer, self._woken.put, self.real_clock),
                StepType.CALLBACK: CallbackRunner(errands, self._woken.put, self._send),
            },
        )

    def restart(self) -> None:
        """As after the end of the process: rows are all that is left."""
        self.executor = self.new_executor()

    @cached_property
    def client(self) -> Any:
        """The control plane, as any client sees it."""
        return self.plane.client()

    # -- acting ---------------------------------------------------------------

    def start(self, *steps: Document, parameters: Any = (), **members: Any) -> Key:
        """An execution of a new pipeline of those steps, which nobody has looked at."""
        name = f"pipeline-{next(self._identities)}"
        text = definition(*steps, parameters=parameters)
        self.client.create_pipeline(PipelineName=name, PipelineDefinition=text, RoleArn=ROLE)
        return self.start_again(name, **members)

    def start_again(self, pipeline: str, **members: Any) -> Key:
        """One more execution of a pipeline."""
        started = self.client.start_pipeline_execution(PipelineName=pipeline, **members)
        return key(started["PipelineExecutionArn"])

    def tick(self, execution: Key) -> str:
        """One tick; returns the execution's status."""
        self.executor.carry_out(execution)
        return self.row(execution).status

    def tick_when_woken(self, execution: Key) -> str:
        """A tick once somebody has asked for it."""
        assert self._woken.get(timeout=120) == execution
        return self.tick(execution)

    def end_job(
        self, execution: Key, step: str, status: str = "Completed", reason: str | None = None
    ) -> None:
        """Let a step's job come to its end."""
        self.store.transition(
            self.job(execution, step), lambda job: ended(job, status, self.clock.now(), reason)
        )

    # -- looking --------------------------------------------------------------

    def row(self, resource: Key) -> Resource:
        """A resource that there must be."""
        found = self.store.get(resource)
        assert found is not None, resource
        return found

    def steps(self, execution: Key) -> dict[str, Resource]:
        """The rows of the steps that have begun, by name."""
        rows = self.store.children(OWNER, Kind.PIPELINE_STEP, execution.name)
        return {row.document["StepName"]: row for row in rows}

    def statuses(self, execution: Key) -> dict[str, str]:
        """The status of each of them."""
        return {name: row.status for name, row in self.steps(execution).items()}

    def job(self, execution: Key, step: str) -> Key:
        """A step's processing job."""
        return Key(OWNER, Kind.PROCESSING_JOB, self.steps(execution)[step].internal["made"])

    # -- what is not real -----------------------------------------------------

    def _call(self, owner: Owner, service: str, name: str, document: Document) -> Document:
        self.calls.append(name)
        if self.refusals.get(name):
            raise self.refusals[name].pop(0)
        if service == "lambda":
            return self.functions[document["FunctionName"]](document["Payload"])
        answer = self.plane.dispatcher.call(owner, service, name, document)
        if name == self.dies_after:
            self.dies_after = None
            raise DeadError
        return answer

    def _read(self, s3_uri: str) -> object:
        if s3_uri not in self.objects:
            raise ExpressionError(f"there is no {s3_uri}")
        return self.objects[s3_uri]

    def _send(self, _owner: Owner, queue_url: str, text: str) -> None:
        if self.refusals.get("SendMessage"):
            raise self.refusals["SendMessage"].pop(0)
        self.sent.append((queue_url, json.loads(text)))

    def _job_runner(self, words: JobWords) -> JobRunner:
        return JobRunner(words, Results(self.store, self.clock), self.watch, NOWHERE)
