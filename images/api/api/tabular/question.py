"""What an endpoint of a tabular project is asked: rows go out as CSV, labels and probabilities come back."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from api.aws import AwsAnswer
from api.endpoint import CUSTOM_ATTRIBUTES, OtherModelError
from api.errors import ApiError
from api.tabular.explanations import ACCEPT, check_features, no_contributions

# What a model answers to rows of another encoder than its own (RFC 9110, 412: a precondition failed).
OTHER_ENCODER = 412


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one record; the probability is the positive label's.

    Contributions, where they were asked for, are what each feature adds to the
    log-odds; they and the base value sum to the probability's.
    """

    label: str
    probability: float
    contributions: Mapping[str, float] | None = None
    base_value: float | None = None


@dataclass(frozen=True, slots=True)
class RowsQuestion:
    """So many rows, and which labels there may be."""

    endpoint_name: str
    body: bytes
    count: int
    labels: Sequence[str]
    # Whose rows these are; None for raw ones, which the model encodes itself.
    encoder_sha256: str | None = None
    # The features, in the model's order, whose contributions are wanted; none are where there are none.
    explained: Sequence[str] = ()

    answer_form = "a line of label and probability a record"

    @property
    def headers(self) -> dict[str, str]:
        """CSV both ways: what is captured is then as Model Monitor's examples have it."""
        headers = {"Content-Type": "text/csv", "Accept": ACCEPT if self.explained else "text/csv"}
        if self.encoder_sha256 is not None:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = f"encoder={self.encoder_sha256}"
        return headers

    def read(self, answer: AwsAnswer) -> tuple[Prediction, ...]:
        """A prediction a row. Raises ValueError, and UnprocessableError for another model's contributions."""
        if self.explained:
            check_features(answer.headers.get(CUSTOM_ATTRIBUTES), self.endpoint_name, self.explained)
        try:
            lines = [line for line in csv.reader(io.StringIO(answer.body.decode())) if line]
        except csv.Error as error:
            raise ValueError(str(error)) from error
        found = tuple(_prediction(line, self.explained) for line in lines)
        if len(found) != self.count or any(
            each.label not in self.labels or not 0 <= each.probability <= 1 for each in found
        ):
            raise ValueError("other rows or labels than were asked for")
        return found

    @property
    def refusals(self) -> Mapping[int, Callable[[str], ApiError]]:
        """The model has another encoder than the rows, or explains nothing."""
        meant: dict[int, Callable[[str], ApiError]] = {}
        if self.encoder_sha256 is not None:
            meant[OTHER_ENCODER] = OtherModelError
        if self.explained:
            meant[406] = lambda words: no_contributions(self.endpoint_name, f"it says {words!r}")
        return meant


def _prediction(cells: Sequence[str], explained: Sequence[str]) -> Prediction:
    """A line: label and probability, then contributions and base value where they are wanted.

    Raises ValueError.
    """
    if not explained:
        label, probability = cells
        return Prediction(label, float(probability))
    label, probability, *values, base_value = cells
    contributions = dict(zip(explained, map(float, values), strict=True))
    if not all(map(math.isfinite, (*contributions.values(), float(base_value)))):
        raise ValueError("a contribution is no finite number")
    return Prediction(label, float(probability), contributions, float(base_value))
