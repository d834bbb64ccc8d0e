"""What a request or an answer holds: JSON whose keys are SageMaker's own names."""

from typing import Any

# Members are checked against botocore's model where they enter and leave
# (protocol/); in between their types are the model's, which Python cannot say.
Document = dict[str, Any]


def without_empty(document: Document) -> Document:
    """`document` without members that are None: an absent structure is left out, never sent empty."""
    return {name: value for name, value in document.items() if value is not None}
