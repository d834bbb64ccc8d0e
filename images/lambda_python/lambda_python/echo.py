"""The handler that runs where nobody has named another."""

import os
from typing import Any


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer with the event, and with what the runtime knows of the function."""
    return {
        "event": event,
        "function_name": context.function_name,
        "memory_limit_in_mb": int(context.memory_limit_in_mb),
        "request_id": context.aws_request_id,
        "region": os.environ.get("AWS_REGION"),
    }
