"""Rules of EventBridge and what they start; each is set up again without harm."""

import json
from collections.abc import Mapping
from typing import Any

from orchestration.clients import Aws
from orchestration.errors import OrchestrationError
from orchestration.function import Function


def ensure_rule(aws: Aws, name: str, pattern: Mapping[str, Any], target: Mapping[str, Any]) -> None:
    """Have events of `pattern` start `target`. Raises OrchestrationError where that cannot be one."""
    _put_rule(aws, name, pattern)
    _put_target(aws, name, target)


def ensure_call(
    aws: Aws, name: str, pattern: Mapping[str, Any], target_id: str, function: Function, function_arn: str
) -> None:
    """Have events of `pattern` call `function`. Raises OrchestrationError."""
    # The permission first: an event may come as soon as there is a target.
    function.allow(name, _put_rule(aws, name, pattern))
    _put_target(aws, name, {"Id": target_id, "Arn": function_arn})


def _put_rule(aws: Aws, name: str, pattern: Mapping[str, Any]) -> str:
    answer = aws.events.put_rule(Name=name, EventPattern=json.dumps(pattern), State="ENABLED")
    return str(answer["RuleArn"])


def _put_target(aws: Aws, name: str, target: Mapping[str, Any]) -> None:
    answer = aws.events.put_targets(Rule=name, Targets=[target])
    if answer["FailedEntryCount"]:
        raise OrchestrationError(f"{name} takes no target: {answer['FailedEntries']}")
