"""The definition JSON of a pipeline, read and checked.

The format is the SDK's (`workflow/`) and the published JSON schema's
(aws-sagemaker-mlops/sagemaker-model-building-pipeline-definition-JSON-schema).
"""

import json

from slipway.pipelines.consistency import check
from slipway.pipelines.members import Members, refuse, shown
from slipway.pipelines.parameter_reading import read_parameters
from slipway.pipelines.parts import (
    Branch,
    Definition,
    DefinitionError,
    Parameter,
    PropertyFile,
    RetryPolicy,
    Step,
    StepType,
)
from slipway.pipelines.step_reading import read_steps
from slipway.resources.document import Document

__all__ = [
    "Branch",
    "Definition",
    "DefinitionError",
    "Parameter",
    "PropertyFile",
    "RetryPolicy",
    "Step",
    "StepType",
    "read_definition",
]

# CreatePipeline takes 1 MiB in PipelineDefinition and in the object of PipelineDefinitionS3Location.
LIMIT_BYTES = 1024 * 1024
# Deeper than any request of SageMaker's goes, and far from what recursion bears.
LIMIT_DEPTH = 100
VERSION = "2020-12-01"


def read_definition(text: str) -> Definition:
    """Read and check a definition: types, names, references, cycles, and that every step can be run here.

    Raises DefinitionError.
    """
    members = Members("the definition", _parsed(text))
    members.allow("Version", "Metadata", "Parameters", "PipelineExperimentConfig", "Steps")
    if not members.absent("Metadata"):
        members.members("Metadata")
    version = members.text("Version", VERSION)
    if version != VERSION:
        refuse(f"its Version is {shown(version)}; the one that is known is '{VERSION}'")
    experiment = _experiment(members)
    definition = Definition(
        parameters=read_parameters(members.items("Parameters")),
        steps=read_steps(members.items("Steps", required=True), experiment),
        experiment=experiment,
    )
    check(definition)
    return definition


def _parsed(text: str) -> object:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LIMIT_BYTES:
        refuse(f"it has {size} bytes; {LIMIT_BYTES} are the most")
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        refuse(f"it is nested deeper than {LIMIT_DEPTH} levels")
    except ValueError as error:
        refuse(f"it is no JSON: {error}")
    _refuse_depth(document)
    _refuse_halves(document)
    return document


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON's")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text:.50} is larger than a float can be")
    return number


def _refuse_depth(document: object) -> None:
    level = [document]
    for _ in range(LIMIT_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    refuse(f"it is nested deeper than {LIMIT_DEPTH} levels")


def _refuse_halves(document: object) -> None:
    """JSON can write half of a surrogate pair, which is no character and cannot be sent on."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        refuse("it has one half of a surrogate pair (\\ud800 to \\udfff) without the other")


def _experiment(members: Members) -> Document | None:
    if members.absent("PipelineExperimentConfig"):
        return None
    config = members.members("PipelineExperimentConfig")
    config.allow("ExperimentName", "TrialName")
    return {
        name: config.expression(name) for name in ("ExperimentName", "TrialName") if not config.absent(name)
    }
