"""The conditions of a Condition step."""

from collections.abc import Sequence

from slipway.pipelines.expressions import Scope
from slipway.resources.document import Document


def all_hold(conditions: Sequence[Document], scope: Scope) -> bool:
    """Whether every condition holds. Raises ExpressionError for values that cannot be compared."""
    raise NotImplementedError
