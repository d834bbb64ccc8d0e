"""The Steps of a definition, read one by one."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from slipway.pipelines.durations import seconds_of
from slipway.pipelines.expressions import with_experiment
from slipway.pipelines.members import Members, refuse, shown
from slipway.pipelines.parts import Branch, PropertyFile, Step, StepType
from slipway.pipelines.policy_reading import read_policies
from slipway.pipelines.quality_check import MEMBERS as CHECK_MEMBERS
from slipway.pipelines.quality_check import read_check
from slipway.resources.document import Document

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COMMON = ("Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description")
_EXTRA = {
    StepType.PROCESSING: ("PropertyFiles", "CacheConfig", "RetryPolicies"),
    StepType.TRAINING: ("CacheConfig", "RetryPolicies"),
    StepType.MODEL: ("RetryPolicies",),
    StepType.REGISTER_MODEL: ("RetryPolicies",),
    StepType.CONDITION: (),
    StepType.FAIL: (),
    StepType.LAMBDA: ("FunctionArn", "OutputParameters", "CacheConfig"),
    StepType.CALLBACK: ("SqsQueueUrl", "OutputParameters", "CacheConfig"),
    StepType.QUALITY_CHECK: (*CHECK_MEMBERS, "CacheConfig"),
}
_TARGETS = {StepType.LAMBDA: "FunctionArn", StepType.CALLBACK: "SqsQueueUrl"}
OUTPUT_TYPES = ("String", "Integer", "Boolean", "Float")
# SageMaker's other step types (both SDKs' StepTypeEnum), none of which is carried out here.
_OTHER_TYPES = frozenset(
    {
        *("Tuning", "Transform", "AutoML", "ClarifyCheck", "EMR", "EMRServerless"),
        *("EndpointConfig", "Endpoint", "InferenceComponent", "Lineage", "Job", "Cleanup", "ForEach"),
    }
)


def read_steps(documents: Sequence[object], experiment: Document | None) -> dict[str, Step]:
    """The steps by name, those of conditions' branches after their condition. Raises DefinitionError.

    `experiment` takes the place of references to PipelineExperimentConfig.
    """
    if not documents:
        refuse("it has no Steps; a pipeline has at least one")
    steps: dict[str, Step] = {}
    taken: dict[str, str] = {}
    for number, document in enumerate(documents):
        for step in _step_and_branches(f"Steps[{number}]", document):
            # Rows of the store are found whatever the case of their names.
            first = taken.setdefault(step.name.lower(), step.name)
            if first is not step.name:
                refuse(
                    f"the steps '{first}' and '{step.name}' need names that differ, also in another case"
                    " and across branches"
                )
            steps[step.name] = step
    return {name: _with_experiment(step, experiment) for name, step in steps.items()}


def _step_and_branches(place: str, document: object) -> Iterator[Step]:
    members = Members(place, document)
    step = _read(members)
    if step.type is not StepType.CONDITION:
        yield step
        return
    arguments = members.members("Arguments")
    arguments.allow("Conditions", "IfSteps", "ElseSteps")
    yield replace(step, arguments={"Conditions": arguments.items("Conditions", required=True)})
    for side, outcome in (("IfSteps", True), ("ElseSteps", False)):
        for number, inner in enumerate(arguments.items(side)):
            branch = _read(Members(f"{arguments.place}: {side}[{number}]", inner))
            if branch.type is StepType.CONDITION:
                refuse(f"the condition '{branch.name}' stands in a branch of '{step.name}'; they do not nest")
            yield replace(branch, branch=Branch(step.name, outcome))


def _read(members: Members) -> Step:
    name = members.text("Name")
    if _NAME.fullmatch(name) is None:
        refuse(f"{members.place}: Name is 1 to 64 of A-Z, a-z, 0-9, _ and -, not {shown(name)}")
    members.place = f"the step '{name}'"
    step_type = _type(members)
    members.allow(*_COMMON, *_EXTRA[step_type])
    return Step(
        name=name,
        type=step_type,
        arguments=_arguments(members, step_type),
        depends_on=tuple(_depended_on(members, item) for item in members.items("DependsOn")),
        display_name=None if members.absent("DisplayName") else members.text("DisplayName"),
        description=None if members.absent("Description") else members.text("Description"),
        property_files=_property_files(members),
        cache_seconds=_cache_seconds(members),
        retry_policies=read_policies(members),
        target=_target(members, step_type),
        outputs=_outputs(members),
    )


def _type(members: Members) -> StepType:
    name = members.text("Type")
    try:
        return StepType(name)
    except ValueError:
        carried_out = ", ".join(StepType)
        if name in _OTHER_TYPES:
            refuse(f"{members.place} is of type {name}, which is not carried out here; {carried_out} are")
        refuse(f"{members.place} is of the unknown type {shown(name)}; {carried_out} are known")


def _arguments(members: Members, step_type: StepType) -> Document:
    may_lack = step_type in (StepType.LAMBDA, StepType.CALLBACK, StepType.FAIL)
    given = members.plain("Arguments", {} if may_lack else None)
    if set(given) & {"Get", "Std:Join", "Std:JsonGet"} and len(given) == 1:
        refuse(f"{members.place}: Arguments is an object whose members may be references, not {shown(given)}")
    if step_type is StepType.FAIL:
        arguments = Members(f"{members.place}: Arguments", given)
        arguments.allow("ErrorMessage")
        return {
            "ErrorMessage": "" if arguments.absent("ErrorMessage") else arguments.expression("ErrorMessage")
        }
    return given


def _target(members: Members, step_type: StepType) -> object:
    if step_type is StepType.QUALITY_CHECK:
        return read_check(members)
    return members.expression(_TARGETS[step_type]) if step_type in _TARGETS else None


def _depended_on(members: Members, item: object) -> str:
    """The name of a step; SDK 3 writes {"Step", "Trigger"} for other outcomes than the good one."""
    if isinstance(item, str):
        return item
    entry = Members(f"{members.place}: DependsOn", item)
    entry.allow("Step", "Trigger")
    if (trigger := entry.text("Trigger", "Completed")) != "Completed":
        refuse(f"{entry.place} has the Trigger {shown(trigger)}, which is not carried out here; Completed is")
    return entry.text("Step")


def _property_files(members: Members) -> dict[str, PropertyFile]:
    files: dict[str, PropertyFile] = {}
    for number, document in enumerate(members.items("PropertyFiles")):
        entry = Members(f"{members.place}: PropertyFiles[{number}]", document)
        entry.allow("PropertyFileName", "OutputName", "FilePath")
        file = PropertyFile(entry.text("PropertyFileName"), entry.text("OutputName"), entry.text("FilePath"))
        if file.name in files:
            refuse(f"{members.place} has two property files called '{file.name}'")
        files[file.name] = file
    return files


def _cache_seconds(members: Members) -> float | None:
    if members.absent("CacheConfig"):
        return None
    config = members.members("CacheConfig")
    config.allow("Enabled", "ExpireAfter")
    text = config.text("ExpireAfter", "")
    seconds = seconds_of(text) if text else math.inf
    if seconds is None:
        refuse(f"{config.place}: ExpireAfter is an ISO 8601 duration such as P30D or PT1H, not {shown(text)}")
    return seconds if config.flag("Enabled", False) else None


def _outputs(members: Members) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for number, document in enumerate(members.items("OutputParameters")):
        entry = Members(f"{members.place}: OutputParameters[{number}]", document)
        entry.allow("OutputName", "OutputType")
        name, type_name = entry.text("OutputName"), entry.text("OutputType", "String")
        if type_name not in OUTPUT_TYPES:
            refuse(f"{entry.place}: OutputType is one of {', '.join(OUTPUT_TYPES)}, not {shown(type_name)}")
        if name in outputs:
            refuse(f"{members.place} has two outputs called '{name}'")
        outputs[name] = type_name
    return outputs


def _with_experiment(step: Step, experiment: Document | None) -> Step:
    return replace(
        step,
        arguments={name: with_experiment(value, experiment) for name, value in step.arguments.items()},
        target=with_experiment(step.target, experiment),
    )
