"""Whether the parts of a definition fit each other: what they name exists, and no step waits for itself."""

from collections.abc import Iterator

from slipway.pipelines.conditions import problems
from slipway.pipelines.expressions import ExpressionError, Reference, Root, is_property_file, references_in
from slipway.pipelines.graph import dependencies
from slipway.pipelines.members import refuse
from slipway.pipelines.parts import Definition, Step, StepType

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
    _refuse_cycles(definition)


def _check_step(step: Step, definition: Definition) -> None:
    place = f"the step '{step.name}'"
    if step.type is StepType.CONDITION:
        for problem in problems(step.arguments["Conditions"]):
            refuse(f"{place}: {problem}")
    for reference in _references(place, [step.arguments, step.target]):
        _check_reference(place, reference, definition)
    for name in step.depends_on:
        _check_is_step(f"{place}: DependsOn", name, definition)
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
    _check_is_step(place, reference.name, definition)
    step = definition.steps[reference.name]
    if is_property_file(reference):
        known = list(step.property_files)
    elif step.type is StepType.CONDITION:
        known = ["Outcome"]
    elif step.type in (StepType.LAMBDA, StepType.CALLBACK):
        known = list(step.outputs)
        if reference.path[0] != "OutputParameters" or len(reference.path) != 2:
            refuse(f"{place} of a {step.type} step there are OutputParameters['<name>'] alone")
    else:
        return
    if reference.path[-1] not in known:
        refuse(f"{place} '{step.name}' has no '{reference.path[-1]}'; it has {_listed(known)}")


def _check_is_step(place: str, name: str, definition: Definition) -> None:
    if name not in definition.steps:
        refuse(f"{place} there is no step '{name}'; the steps are {_listed(list(definition.steps))}")
    if definition.steps[name].type is StepType.FAIL:
        refuse(
            f"{place} the step '{name}' is of type Fail, which ends the execution; nothing can come after it"
        )


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


def _refuse_cycles(definition: Definition) -> None:
    waits_for = dict(dependencies(definition))
    while free := [name for name, others in waits_for.items() if not others & waits_for.keys()]:
        for name in free:
            del waits_for[name]
    if waits_for:
        steps = " → ".join(f"'{name}'" for name in _cycle(waits_for))
        refuse(f"the steps {steps} wait for each other in a circle")


def _cycle(waits_for: dict[str, frozenset[str]]) -> Iterator[str]:
    """One circle, from a step back to itself; every step given waits for another of them."""
    path = [next(iter(waits_for))]
    while path[-1] not in path[:-1]:
        path.append(min(waits_for[path[-1]] & waits_for.keys()))
    yield from path[path.index(path[-1]) :]


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:20]) + (", …" if len(names) > 20 else "") or "none"
