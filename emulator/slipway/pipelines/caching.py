"""Which earlier step had the same work to do (contracts: developer guide, "Caching pipeline steps")."""

from slipway.pipelines.definition import Step
from slipway.resources.document import Document


def cache_key(step: Step, arguments: Document) -> str | None:
    """A digest of those resolved `arguments` that AWS compares; None where nothing is looked up.

    Processing: AppSpecification, Environment, ProcessingInputs. Training: AlgorithmSpecification,
    CheckpointConfig, DebugHookConfig, DebugRuleConfigurations, Environment, HyperParameters,
    InputDataConfig. Neither resources, role and outputs nor the bytes behind S3 URIs count.
    """
    raise NotImplementedError
