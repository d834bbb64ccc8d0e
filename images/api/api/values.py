"""Numbers that callers send, and values as errors show them."""

import math
from typing import Literal

from pydantic import BaseModel

# Models compute in float32 (IEEE 754): what is beyond its largest number is none to them.
LARGEST = 3.4028234663852886e38


class Number(BaseModel, frozen=True, extra="forbid"):
    """A number, perhaps with bounds."""

    name: str
    type: Literal["Integral", "Fractional"]
    minimum: float | None = None
    maximum: float | None = None

    @property
    def kind(self) -> str:
        """What it is in words."""
        return "a whole number" if self.type == "Integral" else "a number"

    def fault(self, value: object) -> str | None:
        """Why `value` is none of these; None where it is."""
        if value is None:
            return f"is empty; it needs {self.kind}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"is {shown(value)}; it needs {self.kind}, without quotes"
        try:
            number = float(value)
        except OverflowError:
            return "is too large a number"
        if not math.isfinite(number):
            return "is not a finite number"
        if abs(number) > LARGEST:
            return "is too large a number"
        if self.type == "Integral" and not number.is_integer():
            return f"is {value!r}; it needs a whole number"
        if self.minimum is not None and number < self.minimum:
            return f"is {value!r}, below the minimum {self.minimum:g}"
        if self.maximum is not None and number > self.maximum:
            return f"is {value!r}, above the maximum {self.maximum:g}"
        return None

    @property
    def example(self) -> float:
        """The allowed value that is nearest to 0."""
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        nearest = min(max(0.0, low), high)
        return math.ceil(nearest) if self.type == "Integral" else nearest

    @property
    def bounds(self) -> dict[str, float]:
        """The bounds that there are, by their names."""
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    def document(self) -> dict[str, object]:
        """As JSON Schema."""
        return {
            "type": "integer" if self.type == "Integral" else "number",
            "minimum": -LARGEST if self.minimum is None else self.minimum,
            "maximum": LARGEST if self.maximum is None else self.maximum,
        }


def shown(value: object) -> str:
    """The value as it may stand in an error: quoted, and not too long."""
    try:
        text = repr(value)
    except ValueError:
        # Python writes no whole number of more than 4,300 digits.
        return "a very long number"
    return text if len(text) <= 60 else text[:57] + "..."
