"""What differs between kinds of projects beside what their files say: one interface, chosen once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from orchestration.clients import Aws
from orchestration.forecasting_project import Places
from orchestration.function import Function
from orchestration.run_record import RunRecord

Value = str | int | float
# Body, content type and accepted type to the answer's text.
Invoke = Callable[[str, str, str], str]
# The text of a file of live data.
ReadLive = Callable[[str], str]
# A document that a step has left: the output's name, and the file's.
ReadJson = Callable[[str, str], Any]
Rows = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of the training job, and which output it is."""

    name: str
    output: str
    content_type: str


class Answers(Protocol):
    """What a deployed model has said about live data."""

    @property
    def said(self) -> str:
        """What was asked, in a line."""

    def figures(self) -> dict[str, Any]:
        """What the record of a run keeps, by its member of `endpoint`."""

    def rows(self) -> Rows:
        """What a person reads: rows of a table, label first."""

    def request(self) -> dict[str, Any]:
        """A request for a person to try: the body of InvokeEndpoint."""


class Kind(Protocol):
    """A project as one of its kind."""

    channels: ClassVar[tuple[Channel, ...]]
    # What the model's own container takes and gives.
    content_types: ClassVar[tuple[str, ...]]
    # The member of evaluation.json whose members are the metrics, and of those what a person reads.
    metrics_block: ClassVar[str]
    shown_metrics: ClassVar[tuple[str, ...]]
    # What synthetic rows say nothing about.
    what_is_real: ClassVar[str]
    what_monitors_do: ClassVar[str]
    # In preprocess's output `encoder`, and in model.tar.gz.
    encoder_file: ClassVar[str]
    model_file: ClassVar[str]

    def schema(self) -> dict[str, Any]:
        """schema.json."""

    def preprocess_outputs(self) -> tuple[str, ...]:
        """What preprocess leaves, one S3 folder each."""

    def parameters(self) -> Mapping[str, Value]:
        """Parameters of the training pipeline that say how rows are divided, with their defaults."""

    def preprocess_arguments(self) -> Mapping[str, str]:
        """Arguments of preprocess, each with the parameter that says its value."""

    def container_environment(self) -> Mapping[str, str]:
        """Variables of the model's container."""

    def places(self) -> Places | None:
        """What is counted on a map, if anything is."""

    def more_steps(self) -> Iterator[str]:
        """Commands to go on with that are for this kind alone, each with what it is for."""

    def feature_group_prefix(self) -> str:
        """How the project's feature groups begin; a digest of what they hold follows."""

    def predictions_environment(self) -> Mapping[str, str]:
        """For a job that measures the model: what the columns of the test part's predictions are."""

    def analysis_environment(self, monitor: str) -> Mapping[str, str]:
        """For a monitor's job: what its data is."""

    def api_fields(self) -> Mapping[str, Any]:
        """What the API must know beside schema and names."""

    def monitor_function(self, aws: Aws, topic_arn: str) -> Function:
        """The function that finds the monitors' windows and tells of what was found."""

    def retrain_function(self, aws: Aws) -> Function:
        """The function that decides whether violations start a retraining, and finds its rows."""

    def newest_end(self, aws: Aws) -> datetime:
        """Until when there is something for the monitors to look at. Raises MonitoringError."""

    def step_detail(self, step: str, read: ReadJson, record: RunRecord) -> str:
        """What a person wants to know of a step that succeeded; `record` keeps the figures."""

    def ask(self, invoke: Invoke, live: ReadLive) -> Answers:
        """Ask a deployed model about live data, in each way that it can be asked.

        Raises EndpointError where two ways that must agree do not.
        """
