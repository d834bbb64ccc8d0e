"""Steps that are jobs: Processing and Training."""

from dataclasses import dataclass

from slipway.errors import ServiceError
from slipway.executors.pipeline.failures import job_failed, refused
from slipway.executors.pipeline.job_watch import JobWatch
from slipway.executors.pipeline.results import Results, label_of
from slipway.executors.pipeline.task import (
    Executing,
    Failed,
    Result,
    Stopped,
    Stopping,
    Succeeded,
    Task,
    Waiting,
)
from slipway.faults import FaultPoint, Faults
from slipway.pipelines.caching import cache_key
from slipway.pipelines.expressions import resolve
from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind

SERVICE = "sagemaker"
# What tells whose job it is; public tools look for it (aws/sagemaker-python-sdk, lineage).
EXECUTION_TAG = "sagemaker:pipeline-execution-arn"


@dataclass(frozen=True, slots=True)
class JobWords:
    """A kind of job, and its noun in the API: CreateProcessingJob, ProcessingJobName and so on."""

    kind: Kind
    noun: str


PROCESSING = JobWords(Kind.PROCESSING_JOB, "ProcessingJob")
TRAINING = JobWords(Kind.TRAINING_JOB, "TrainingJob")


class JobRunner:
    """A step is done when its job is Completed.

    The job's name is written down before the job is asked for, so that there
    is one job however often this process dies.
    """

    def __init__(
        self,
        words: JobWords,
        results: Results,
        watch: JobWatch,
        faults: Faults,
    ) -> None:
        self._words = words
        self._results = results
        self._watch = watch
        self._faults = faults

    def advance(self, task: Task) -> Result:
        """Find the step's result, ask for its job, or look how far that is."""
        return self._begun(task) if task.is_starting else self._looked_at(task)

    def stop(self, task: Task) -> Result:
        """Have the job stopped, and look how far that is."""
        job = self._described(task)
        if job is None:
            return Stopped()
        if job[f"{self._words.noun}Status"] == "InProgress":
            self._ask_to_stop(task)
        result = self._looked_at(task)
        return Stopping(self._metadata(job)) if isinstance(result, Waiting) else result

    def _begun(self, task: Task) -> Result:
        arguments = resolve(task.step.arguments, task.scope)
        assert isinstance(arguments, dict)
        key = cache_key(task.step, arguments)
        label = label_of(task, key) if key else None
        # A process that died of it may have asked for the job.
        job = self._described(task)
        if job is None:
            hit = self._results.find(task, label) if label else None
            if hit is not None:
                return hit
            try:
                job = self._created(task, arguments)
            except ServiceError as error:
                return Failed(*refused(f"{SERVICE}:Create{self._words.noun}", error))
        return Executing(self._metadata(job), {"made": task.made_name, "label": label})

    def _created(self, task: Task, arguments: Document) -> Document:
        """The job, asked for. Raises ServiceError."""
        self._faults.at(FaultPoint.BEFORE_STEP_JOB)
        self._watch.add(self._key(task), task.execution.key)
        try:
            job = task.call(SERVICE, f"Create{self._words.noun}", self._request(task, arguments))
        except ServiceError:
            self._watch.discard(self._key(task))
            raise
        self._faults.at(FaultPoint.AFTER_STEP_JOB)
        return job

    def _looked_at(self, task: Task) -> Result:
        # In this order: a job that ends in between wakes the execution.
        self._watch.add(self._key(task), task.execution.key)
        job = self._described(task)
        result = self._seen(task, job) if job else _gone(task)
        if not isinstance(result, Waiting):
            self._watch.discard(self._key(task))
        return result

    def _request(self, task: Task, arguments: Document) -> Document:
        return {
            # Jobs that name no role work in the pipeline's.
            "RoleArn": task.execution.internal["role_arn"],
            **{name: value for name, value in arguments.items() if name != "ExperimentConfig"},
            f"{self._words.noun}Name": task.made_name,
            "Tags": [*arguments.get("Tags", []), execution_tag(task)],
        }

    def _seen(self, task: Task, job: Document) -> Result:
        """What the job's status is to the step."""
        reason = job.get("FailureReason", "")
        match job[f"{self._words.noun}Status"]:
            case "Completed":
                self._faults.at(FaultPoint.BEFORE_STEP_END)
                return Succeeded(label=task.row.internal.get("label", ""))
            case "Failed":
                return Failed(*job_failed(reason))
            case "Stopped" if task.execution.status == "Stopping":
                return Stopped()
            case "Stopped":
                # By somebody else, or by its time limit: it has not done what others wait for.
                why = job.get("SecondaryStatus", "Stopped")
                return Failed(f"ClientError: the job was stopped before it had completed: {why}")
            case _:
                return Waiting()

    def _ask_to_stop(self, task: Task) -> None:
        try:
            task.call(SERVICE, f"Stop{self._words.noun}", {f"{self._words.noun}Name": task.made_name})
        except ServiceError:
            # It ended before the call came; Describe says how.
            return

    def _described(self, task: Task) -> Document | None:
        try:
            return task.call(
                SERVICE, f"Describe{self._words.noun}", {f"{self._words.noun}Name": task.made_name}
            )
        except ServiceError:
            return None

    def _key(self, task: Task) -> Key:
        return Key(task.owner, self._words.kind, task.made_name)

    def _metadata(self, job: Document) -> Document:
        return {self._words.noun: {"Arn": job[f"{self._words.noun}Arn"]}}


def _gone(task: Task) -> Failed:
    return Failed(f"ClientError: the job {task.made_name} was deleted before its end could be seen")


def execution_tag(task: Task) -> Document:
    """What tells whose a job or a model is."""
    return {"Key": EXECUTION_TAG, "Value": task.execution.arn}
