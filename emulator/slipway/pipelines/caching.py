"""Which earlier step had the same work to do (developer guide, "Caching pipeline steps")."""

import hashlib
import json

from slipway.pipelines.parts import Step, StepType
from slipway.resources.document import Document

# The members of the request that AWS compares. Of the steps here no others have their results
# looked up: a Lambda's or a callback's CacheConfig, which the SDK writes, is without effect.
COMPARED = {
    StepType.PROCESSING: ("AppSpecification", "Environment", "ProcessingInputs"),
    StepType.TRAINING: (
        "AlgorithmSpecification",
        "CheckpointConfig",
        "DebugHookConfig",
        "DebugRuleConfigurations",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
    ),
    StepType.QUALITY_CHECK: ("AppSpecification", "Environment", "ProcessingInputs"),
}


def cache_key(step: Step, arguments: Document) -> str | None:
    """A digest of those resolved `arguments` that AWS compares; None where nothing is looked up.

    Processing: AppSpecification, Environment, ProcessingInputs. Training: AlgorithmSpecification,
    CheckpointConfig, DebugHookConfig, DebugRuleConfigurations, Environment, HyperParameters,
    InputDataConfig. QualityCheck: as Processing, and the step's own target, which must be resolved too.
    Neither resources, role and outputs nor the bytes behind S3 URIs count.
    The order of members does not count, that of lists does; a step's name and type do, for AWS
    looks among the earlier runs of the same step.
    """
    if step.cache_seconds is None or step.type not in COMPARED:
        return None
    compared = {name: arguments[name] for name in COMPARED[step.type] if arguments.get(name) is not None}
    if step.type is StepType.QUALITY_CHECK:
        compared["Check"] = step.target
    text = json.dumps([step.type, step.name, compared], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
