"""What a SageMaker SDK's pipelines are asked to do, whichever its version, and what is noted of it.

Runs in the environment of that SDK: the standard library is all that may be
imported here. Nothing of the SDK is patched; the variables of `make env` are
all that it is told.
"""

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

INSTANCE = "ml.m5.large"
CSV, JSON = "text/csv", "application/json"
PROCESSING = "/opt/ml/processing"
# The SDK's own interval, 30 s, is made for machines that take minutes to start.
POLL_SECONDS, POLLS = 0.2, 900

Facts = dict[str, Any]
Uris = Mapping[str, Any]
NONE: Uris = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """Where the rows are, which images work on them, and what everything's name begins with."""

    name: str
    data_uri: str
    preprocess_image: str
    train_xgb_image: str
    hyperparameters: dict[str, float]


class Kit(Protocol):
    """An SDK, in the calls that its own documentation shows under a PipelineSession."""

    request: Request
    session: Any
    role: str
    # The SDK's classes for pipelines, by their names.
    sdk: Any

    def process(
        self,
        image: Any,
        command: list[Any],
        inputs: Uris = NONE,
        outputs: Uris = NONE,
        instances: Any = 1,
        environment: Uris = NONE,
    ) -> Any:
        """What Processor.run captures; `inputs` and `outputs` are URIs by the folder's name."""

    def script(self, image: Any, code: Path, inputs: Uris, outputs: Uris, arguments: list[Any]) -> Any:
        """What ScriptProcessor.run captures."""

    def train(self, image: Any, hyperparameters: Mapping[str, Any], channels: Uris, output: Any) -> Any:
        """What the SDK's general estimator captures."""

    def code_step(self, name: str, image: Any, folder: Path, script: str) -> Any:
        """A step that runs a script of a folder in an image that has never heard of it."""

    def create_model(self, image: Any, data_uri: Any) -> Any:
        """What creating a model captures."""

    def register(self, image: Any, data_uri: Any, group: str, approval: Any, statistics_uri: Any) -> Any:
        """What registering a version captures."""


Scenario = Callable[[Kit], Facts]


def report(kit: Kit, scenarios: Mapping[str, Scenario]) -> None:
    """Play the scenarios; write what came of each as JSON into the file that the first argument names.

    Further arguments name the scenarios; all are played where there is none.
    """
    asked = sys.argv[2:] or list(scenarios)
    told = {name: _played(kit, scenarios[name]) for name in asked}
    Path(sys.argv[1]).write_text(json.dumps(told, default=str), encoding="utf-8")


def _played(kit: Kit, scenario: Scenario) -> Facts:
    try:
        return scenario(kit)
    except Exception:  # one that breaks must not hide the others; its test shows this
        return {"error": traceback.format_exc()}


def pipeline(kit: Kit, name: str, steps: list[Any], parameters: tuple[Any, ...] = (), **options: Any) -> Any:
    """A pipeline of this run's."""
    return kit.sdk.Pipeline(
        name=f"{kit.request.name}-{name}",
        parameters=list(parameters),
        steps=steps,
        sagemaker_session=kit.session,
        **options,
    )


def ended(execution: Any) -> Facts:
    """What an execution says of itself once it has ended; `waiting` is the error of waiting for it."""
    waiting = ""
    try:
        execution.wait(delay=POLL_SECONDS, max_attempts=POLLS)
    except Exception as error:  # which type it is, is the SDK's business
        waiting = str(error)
    described = without_metadata(execution.describe())
    return {
        "arn": execution.arn,
        "status": described["PipelineExecutionStatus"],
        "reason": described.get("FailureReason"),
        "waiting": waiting,
        "described": described,
        # The newest step first, as the SDK has them.
        "steps": [_with_seconds(step) for step in execution.list_steps()],
    }


def without_metadata(answer: Facts) -> Facts:
    """An answer without what botocore adds."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _with_seconds(step: Facts) -> Facts:
    times: Facts = {name: step[name].timestamp() for name in ("StartTime", "EndTime") if name in step}
    return {**step, **times}


def job_of(kit: Kit, step: Facts) -> Facts:
    """What Describe says of the job of a step."""
    (kind, found), client = next(iter(step["Metadata"].items())), kit.session.sagemaker_client
    name = found["Arn"].rpartition("/")[2]
    if kind == "ProcessingJob":
        return without_metadata(client.describe_processing_job(ProcessingJobName=name))
    return without_metadata(client.describe_training_job(TrainingJobName=name))


def error_of(call: Callable[[], object]) -> str:
    """What a call that is refused says; nothing where it is not."""
    try:
        call()
    except Exception as error:  # which type it is, is the SDK's business
        return str(error)
    return ""
