"""The names of an execution's experiment and trial; there are no experiments here that they would name."""

from slipway.pipelines.expressions import ExpressionError, Scope, resolve
from slipway.pipelines.parts import Definition
from slipway.resources.document import Document
from slipway.resources.resource import Resource

MEMBER = "PipelineExperimentConfig"
# What the SDK takes where nobody says another name.
OF_THE_PIPELINE = {"Get": "Execution.PipelineName"}


def names_wanted(execution: Resource, definition: Definition) -> bool:
    """Whether an execution has still to be given the names."""
    return definition.experiment is not None and MEMBER not in execution.document


def experiment_names(definition: Definition, scope: Scope) -> Document:
    """The member of DescribePipelineExecution. Raises ExpressionError for what is no text."""
    return {name: _text(name, value, scope) for name, value in (definition.experiment or {}).items()}


def _text(name: str, value: object, scope: Scope) -> str:
    text = resolve(value, scope)
    if not isinstance(text, str):
        raise ExpressionError(f"{MEMBER}: {name} is a text, not {text!r:.200}")
    # As recorded: an execution of SimpleXGBoostPipeline has the experiment simplexgboostpipeline.
    return text.lower() if value == OF_THE_PIPELINE else text
