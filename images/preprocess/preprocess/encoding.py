"""The encoder: learnt from the training part, applied to every part."""

from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from smcontract.failure import ContractError

from preprocess.rows import Rows
from preprocess.schema import ENCODER_VERSION, Schema


@dataclass(frozen=True, slots=True)
class Scaling:
    """What turns a number x into (x - mean) / scale."""

    mean: float
    scale: float


@dataclass(frozen=True, slots=True)
class Encoder:
    """From rows to encoded rows: scaled numbers, then a 0 or 1 for each category of the schema."""

    schema: Schema
    scalings: tuple[Scaling, ...]

    def encode(self, rows: Rows) -> pa.Table:
        """The encoded rows, one column for each encoded name; an empty number is null.

        Raises ContractError for a number that scaling takes out of float32's range.
        """
        columns = [self._scaled(rows.numbers[:, place], place) for place in range(len(self.schema.numeric))]
        for place, feature in enumerate(self.schema.categorical):
            codes = rows.codes[:, place]
            columns += (pa.array((codes == code).astype(np.int8)) for code in range(len(feature.categories)))
        return pa.table(columns, names=list(self.schema.encoded_names))

    def _scaled(self, numbers: npt.NDArray[np.float64], place: int) -> pa.Array:
        scaling = self.scalings[place]
        empty = np.isnan(numbers)
        with np.errstate(over="ignore"):
            # In float64 first: whoever encodes a single row later computes the same.
            encoded = ((numbers - scaling.mean) / scaling.scale).astype(np.float32)
        if np.isinf(encoded).any():
            raise ContractError(
                f"feature '{self.schema.numeric[place].name}' has numbers too far from the training part's "
                "to be scaled; give it a minimum and a maximum in schema.json, or scaling none."
            )
        return pa.array(encoded + np.float32(0), mask=empty)

    def document(self) -> dict[str, object]:
        """The encoder as encoder.json holds it."""
        target = self.schema.target
        return {
            "version": ENCODER_VERSION,
            "schema_sha256": self.schema.sha256,
            "target": {"name": target.name, "positive": target.positive, "negative": target.negative},
            "numeric": [
                {
                    "name": feature.name,
                    "type": feature.type,
                    "minimum": feature.minimum,
                    "maximum": feature.maximum,
                    "nullable": feature.nullable,
                    "mean": scaling.mean,
                    "scale": scaling.scale,
                }
                for feature, scaling in zip(self.schema.numeric, self.scalings, strict=True)
            ],
            "categorical": [
                {
                    "name": feature.name,
                    "nullable": feature.nullable,
                    "categories": [
                        {"value": category.value, "encoded_name": category.encoded_name}
                        for category in feature.categories
                    ],
                }
                for feature in self.schema.categorical
            ],
            "encoded_names": list(self.schema.encoded_names),
        }


def fit(schema: Schema, train: Rows) -> Encoder:
    """The encoder that `train` teaches: means and standard deviations, where the schema asks for them."""
    return Encoder(
        schema=schema,
        scalings=tuple(
            _fitted(train.numbers[:, place]) if feature.standardised else Scaling(0.0, 1.0)
            for place, feature in enumerate(schema.numeric)
        ),
    )


def _fitted(numbers: npt.NDArray[np.float64]) -> Scaling:
    """Mean and standard deviation of what is not empty; a constant column is only centred.

    fsum rounds once, so the last digit does not depend on the processor's
    vector width, as numpy's sums do.
    """
    present = numbers[~np.isnan(numbers)]
    if len(present) == 0:
        return Scaling(0.0, 1.0)
    mean = fsum(present.tolist()) / len(present)
    deviations = present - mean
    scale = sqrt(fsum((deviations * deviations).tolist()) / len(present))
    # The mean of equal numbers may be off by a rounding; their deviation is no scale.
    is_constant = bool((present == present[0]).all())
    return Scaling(mean, 1.0) if is_constant or scale == 0 else Scaling(mean, scale)
