"""Whether the parts of a definition fit each other: what they name exists, and no step waits for itself."""

from slipway.pipelines.conditions import problems
from slipway.pipelines.expressions import ExpressionError, Reference, Root, is_property_file, references_in
from slipway.pipelines.graph import dependencies, in_order
from slipway.pipelines.members import refuse
from slipway.pipelines.parts import Definition, Step, StepType
from slipway.pipelines.quality_check import PROPERTIES as CHECK_PROPERTIES

# The SDK's ExecutionVariables.
EXECUTION_VARIABLES = (
    *("StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn"),
    *("PipelineExecutionId", "PipelineExecutionArn", "TrainingJobName", "ProcessingJobName"),
)


def check(definition: Definition) -> None:
    """Raise DefinitionError for the first thing that does not fit."""
    for reference in _references("PipelineExperimentConfig", definition.experiment):
        if reference.root is Root.STEPS:
            refuse(f"PipelineExperimentConfig refers to '{reference.text}', but is made before any step")
        _check_reference("PipelineExperimentConfig", reference, definition)
    for step in definition.steps.values():
        _check_step(step, definition)
    in_order(dependencies(definition))


def _check_step(step: Step, definition: Definition) -> None:
    place = f"the step '{step.name}'"
    if step.type is StepType.CONDITION:
        for problem in problems(step.arguments["Conditions"]):
            refuse(f"{place}: {problem}")
    for reference in _references(place, [step.arguments, step.target]):
        if reference.root is Root.STEPS:
            _check_may_wait(f"{place} refers to '{reference.text}':", step, reference.name, definition)
        _check_reference(place, reference, definition)
    for name in step.depends_on:
        _check_may_wait(f"{place}: DependsOn '{name}':", step, name, definition)
    _check_property_files(place, step)


def _references(place: str, value: object) -> list[Reference]:
    try:
        return list(references_in(value))
    except ExpressionError as error:
        refuse(f"{place}: {error}")


def _check_reference(place: str, reference: Reference, definition: Definition) -> None:
    match reference.root:
        case Root.PARAMETERS:
            known = list(definition.parameters)
        case Root.EXECUTION:
            known = list(EXECUTION_VARIABLES)
        case Root.EXPERIMENT:
            known = list(definition.experiment or {})
        case Root.STEPS:
            _check_property(place, reference, definition)
            return
    if reference.name not in known:
        refuse(f"{place} refers to '{reference.text}', which does not exist; there are {_listed(known)}")


def _check_property(place: str, reference: Reference, definition: Definition) -> None:
    place = f"{place} refers to '{reference.text}':"
    step = definition.steps[reference.name]
    if is_property_file(reference):
        known = list(step.property_files)
    elif step.type is StepType.CONDITION:
        known = ["Outcome"]
    elif step.type is StepType.QUALITY_CHECK:
        known = list(CHECK_PROPERTIES)
    elif step.type in (StepType.LAMBDA, StepType.CALLBACK):
        known = list(step.outputs)
        if reference.path[0] != "OutputParameters" or len(reference.path) != 2:
            refuse(f"{place} of a {step.type} step there are OutputParameters['<name>'] alone")
    else:
        return
    if reference.path[-1] not in known:
        refuse(f"{place} '{step.name}' has no '{reference.path[-1]}'; it has {_listed(known)}")


def _check_may_wait(place: str, step: Step, name: str, definition: Definition) -> None:
    if name not in definition.steps:
        refuse(f"{place} there is no step '{name}'; the steps are {_listed(list(definition.steps))}")
    if definition.steps[name].type is StepType.FAIL:
        # The wording is AWS's (sagemaker-python-sdk, test_invalid_pipeline_depended_on_fail_step).
        refuse(f"{place} {step.name} can not depends on {name}: a Fail step ends the execution")


def _check_property_files(place: str, step: Step) -> None:
    outputs = _output_names(step)
    for file in step.property_files.values():
        if outputs is not None and file.output_name not in outputs:
            refuse(
                f"{place}: the property file '{file.name}' is of the output '{file.output_name}',"
                f" which the step has not; it has {_listed(outputs)}"
            )


def _output_names(step: Step) -> list[str] | None:
    """The names of a processing step's outputs; None where references hide them."""
    match step.arguments.get("ProcessingOutputConfig"):
        case None:
            return []
        case {"Outputs": list(outputs)}:
            names = [output.get("OutputName") if isinstance(output, dict) else None for output in outputs]
            texts = [name for name in names if isinstance(name, str)]
            return texts if len(texts) == len(names) else None
    return None


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:20]) + (", …" if len(names) > 20 else "") or "none"
