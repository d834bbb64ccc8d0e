"""Contributions: how an endpoint is asked for them, and whose they are."""

import hashlib
import re
from collections.abc import Sequence

from api.errors import UnprocessableError

# CSV, like every other answer: what is captured keeps one format, and label and
# probability stay its first two columns.
ACCEPT = "text/csv; contributions=true"
_ATTRIBUTE = "contributions"


def digest(features: Sequence[str]) -> str:
    """How a model names its features: the sha256, in hex, of their names, one a line."""
    return hashlib.sha256("\n".join(features).encode()).hexdigest()


def check_features(custom_attributes: str | None, endpoint_name: str, features: Sequence[str]) -> None:
    """Raise UnprocessableError where an answer's numbers are not those of `features`, in this order.

    A model of principal components, of another schema or of another make gives
    other numbers, perhaps just as many, or none.
    """
    attributes = {
        name.strip(): value.strip()
        for name, _, value in (each.partition("=") for each in re.split("[,;]", custom_attributes or ""))
    }
    told = attributes.get(_ATTRIBUTE)
    if told is None:
        raise no_contributions(endpoint_name, "it does not say what adds to its predictions")
    if told != digest(features):
        raise no_contributions(endpoint_name, "it explains itself by other parts than the project's features")


def no_contributions(endpoint_name: str, reason: str) -> UnprocessableError:
    """The refusal of contributions that the model cannot give."""
    return UnprocessableError(
        f"the model behind the endpoint '{endpoint_name}' gives no contributions: {reason}; "
        "ask without contributions"
    )
