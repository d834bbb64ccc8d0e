"""NextToken: where the next page begins, and of which list it is."""

import base64
import hashlib
import json

from slipway.errors import ValidationException
from slipway.resources.document import Document
from slipway.store.query import Position

# Members that may change between two pages of one list.
UNTIED = frozenset({"NextToken", "MaxResults"})
# The placeholder is in the text that others have recorded (moto's tests of ListTrainingJobs).
INVALID = 'Invalid pagination token because "{0}".'


def write_token(operation: str, parameters: Document, position: Position | None) -> str | None:
    """An opaque text for the page after `position`; None on the last page."""
    if position is None:
        return None
    document = [_fingerprint(operation, parameters), position.value, position.sequence]
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def read_token(operation: str, parameters: Document) -> Position | None:
    """Where the page begins that `parameters` ask for; None for the first.

    Raises ValidationException for a token that no list gave, or another list.
    """
    token = parameters.get("NextToken")
    if not token:
        return None
    try:
        fingerprint, value, sequence = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, RecursionError):
        raise ValidationException(INVALID) from None
    is_position = isinstance(value, str | int | float) and isinstance(sequence, int)
    if fingerprint != _fingerprint(operation, parameters) or not is_position:
        raise ValidationException(INVALID)
    return Position(value, sequence)


def _fingerprint(operation: str, parameters: Document) -> str:
    tied = {name: value for name, value in parameters.items() if name not in UNTIED}
    text = json.dumps([operation, tied], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
