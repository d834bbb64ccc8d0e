"""What the references of a step's arguments stand for, in one execution."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from slipway.clock import Clock
from slipway.errors import ServiceError
from slipway.pipelines.expressions import ExpressionError
from slipway.pipelines.parameters import Value, cast
from slipway.pipelines.parts import Definition, StepType
from slipway.resources.document import Document
from slipway.resources.resource import Kind, Resource

Describe = Callable[[str, str, Document], Document]
# The parsed JSON of an object. Raises PendingError and ExpressionError.
ReadJson = Callable[[str], object]

# The call that describes what a step of the type made, and the member that names it.
DESCRIPTIONS = {
    StepType.PROCESSING: ("DescribeProcessingJob", "ProcessingJobName"),
    StepType.TRAINING: ("DescribeTrainingJob", "TrainingJobName"),
    StepType.QUALITY_CHECK: ("DescribeProcessingJob", "ProcessingJobName"),
    StepType.MODEL: ("DescribeModel", "ModelName"),
    StepType.REGISTER_MODEL: ("DescribeModelPackage", "ModelPackageName"),
}


class ExecutionScope:
    """The values of one moment; a step's properties are described when they are asked for."""

    def __init__(
        self,
        execution: Resource,
        definition: Definition,
        parameters: Mapping[str, Value],
        rows: Mapping[str, Resource],
        call: Describe,
        read_json: ReadJson,
        clock: Clock,
        own_name: str,
    ) -> None:
        self._execution = execution
        self._definition = definition
        self._parameters = parameters
        self._rows = rows
        self._call = call
        self._read_json = read_json
        self._clock = clock
        self._own_name = own_name

    def parameter(self, name: str) -> object:
        """A parameter's value, of the definition's type."""
        if name not in self._parameters:
            raise ExpressionError(f"the pipeline has no parameter '{name}'")
        return self._parameters[name]

    def execution_variable(self, name: str) -> object:
        """What AWS tells an execution of itself."""
        key = self._execution.key
        pipeline, _, identity = key.name.partition("/execution/")
        match name:
            case "StartDateTime":
                return _iso(self._execution.created_at)
            case "CurrentDateTime":
                return _iso(self._clock.now())
            case "PipelineName":
                return pipeline
            case "PipelineArn":
                return key.owner.arn(Kind.PIPELINE, pipeline)
            case "PipelineExecutionId":
                return identity
            case "PipelineExecutionArn":
                return key.arn
            case "ProcessingJobName" | "TrainingJobName":
                return self._own_name
        raise ExpressionError(f"there is no execution variable '{name}'")

    def properties(self, step: str) -> object:
        """What a step that has ended well left."""
        declared, row = self._definition.steps[step], self._row(step)
        if declared.type is StepType.CONDITION:
            return {"Outcome": row.document["Metadata"]["Condition"]["Outcome"] == "True"}
        if declared.type is StepType.QUALITY_CHECK:
            return row.document["Metadata"]["QualityCheck"]
        if declared.type in (StepType.LAMBDA, StepType.CALLBACK):
            given = row.document["Metadata"].get(declared.type.value, {}).get("OutputParameters", [])
            return {"OutputParameters": typed_outputs(step, declared.outputs, given)}
        return self._described(step, declared.type)

    def _described(self, step: str, step_type: StepType) -> Document:
        if step_type not in DESCRIPTIONS:
            raise ExpressionError(f"step '{step}' is of type {step_type.value}, which has no properties")
        operation, member = DESCRIPTIONS[step_type]
        try:
            return self._call("sagemaker", operation, {member: self._row(step).internal["made"]})
        except ServiceError as error:
            raise ExpressionError(f"the properties of step '{step}' are gone: {error}") from error

    def _row(self, step: str) -> Resource:
        row = self._rows.get(step)
        if row is None:
            raise ExpressionError(f"step '{step}' did not run, so it has no properties")
        return row

    def property_file(self, step: str, name: str) -> object:
        """The JSON that a processing step left among its outputs."""
        file = self._definition.steps[step].property_files.get(name)
        if file is None:
            raise ExpressionError(f"step '{step}' has no property file '{name}'")
        for output in self._outputs(step):
            if output["OutputName"] == file.output_name and "S3Output" in output:
                return self._read_json(f"{output['S3Output']['S3Uri'].rstrip('/')}/{file.path}")
        raise ExpressionError(
            f"step '{step}' has no output '{file.output_name}', where its property file '{name}' would be"
        )

    def _outputs(self, step: str) -> list[Document]:
        described = self._described(step, StepType.PROCESSING)
        outputs: list[Document] = described.get("ProcessingOutputConfig", {}).get("Outputs", [])
        return outputs

    def json_at(self, s3_uri: str) -> object:
        """The parsed JSON of an object."""
        return self._read_json(s3_uri)


def typed_outputs(step: str, types: Mapping[str, str], given: Iterable[Document]) -> dict[str, Value]:
    """The outputs of a Lambda or a callback by name, each of its declared type.

    Raises ExpressionError where one is not.
    """
    return {each["Name"]: _typed(step, each["Name"], types, each["Value"]) for each in given}


def _typed(step: str, name: str, types: Mapping[str, str], text: str) -> Value:
    wanted = types.get(name, "String")
    value = cast(wanted, text)
    if value is None:
        raise ExpressionError(f"output '{name}' of step '{step}' is declared {wanted}, and is '{text:.200}'")
    return value


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
