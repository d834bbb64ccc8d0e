"""How good a model was: what every kind of it has."""

import math
from dataclasses import dataclass, field
from typing import Any

from smcontract.failure import ContractError

from monitor.measures import Measure


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures over `rows` rows; `left_out` had no prediction, or no truth.

    `details` are the parts of statistics.json that are not one number, and
    `remarks` sentences for the job's message.
    """

    rows: int
    left_out: int
    measures: dict[str, Measure]
    details: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def finite(value: float) -> float:
    """The value. Raises ContractError where double precision does not hold it."""
    if not math.isfinite(value):
        raise ContractError(
            "the squares or sums of predictions or truths are beyond double precision (1.8e308); scale them."
        )
    return value
