"""The encoder: learnt from the training part, exact, and the same everywhere."""

import numpy as np
import pytest
from preprocess.encoding import Encoder, Scaling, fit
from preprocess.rows import Rows
from preprocess.schema import Schema
from smcontract.failure import ContractError


def rows(ages: list[float], rates: list[float]) -> Rows:
    return Rows(
        numbers=np.array([ages, rates], dtype=np.float64).T.copy(),
        codes=np.array([[n % 2, -1] for n in range(len(ages))], dtype=np.int32),
        labels=np.zeros(len(ages), dtype=np.int8),
    )


def test_scaling_is_learnt_where_the_schema_asks_for_it(schema: Schema) -> None:
    encoder = fit(schema, rows([20, 30, 40, 50], [1, 2, 3, 4]))

    # Standard deviation of the population, as scikit-learn's StandardScaler.
    assert encoder.scalings == (Scaling(35.0, 125**0.5), Scaling(0.0, 1.0))


@pytest.mark.parametrize("age", [20.0, 0.1])
def test_constant_column_is_only_centred(schema: Schema, age: float) -> None:
    assert fit(schema, rows([age] * 7, [1] * 7)).scalings[0].scale == 1.0


def test_empty_numbers_teach_nothing(schema: Schema) -> None:
    assert fit(schema, rows([20, np.nan, 40], [1, 1, 1])).scalings[0] == Scaling(30.0, 10.0)
    assert fit(schema, rows([np.nan] * 2, [1, 1])).scalings[0] == Scaling(0.0, 1.0)


def test_encoded_row_is_float64_arithmetic_rounded_once(schema: Schema) -> None:
    encoder = Encoder(schema, (Scaling(40.9, 10.6), Scaling(0.0, 1.0)))

    encoded = encoder.encode(rows([58, 31], [0.1, np.nan]))

    assert encoded.column_names == list(schema.encoded_names)
    assert encoded["age"].to_pylist() == [
        float(np.float32((58 - 40.9) / 10.6)),
        float(np.float32((31 - 40.9) / 10.6)),
    ]
    assert encoded["rate"].to_pylist() == [float(np.float32(0.1)), None]
    assert [encoded[name].to_pylist() for name in ("job_admin", "job_blue_collar")] == [[1, 0], [0, 1]]
    assert [encoded[name].to_pylist() for name in ("city_bern", "city_hague")] == [[0, 0], [0, 0]]


def test_number_that_scaling_throws_out_of_range_is_refused_by_name(schema: Schema) -> None:
    encoder = Encoder(schema, (Scaling(0.0, 1.0), Scaling(0.0, 1e-30)))

    with pytest.raises(ContractError, match="feature 'rate' has numbers too far"):
        encoder.encode(rows([1], [1e20]))


def test_document_names_everything_an_encoding_needs(schema: Schema) -> None:
    document = fit(schema, rows([20, 40], [1, 2])).document()

    assert document == {
        "version": 1,
        "schema_sha256": schema.sha256,
        "target": {"name": "y", "positive": "yes", "negative": "no"},
        "numeric": [
            {"name": "age", "type": "Integral", "minimum": 18, "maximum": 120, "nullable": False}
            | {"mean": 30.0, "scale": 10.0},
            {"name": "rate", "type": "Fractional", "minimum": None, "maximum": None, "nullable": True}
            | {"mean": 0.0, "scale": 1.0},
        ],
        "categorical": [
            {"name": "job", "nullable": False}
            | {
                "categories": [
                    {"value": "admin.", "encoded_name": "job_admin"},
                    {"value": "blue-collar", "encoded_name": "job_blue_collar"},
                ]
            },
            {"name": "city", "nullable": True}
            | {
                "categories": [
                    {"value": "Bern, CH", "encoded_name": "city_bern"},
                    {"value": 'the "Hague"', "encoded_name": "city_hague"},
                ]
            },
        ],
        "encoded_names": ["age", "rate", "job_admin", "job_blue_collar", "city_bern", "city_hague"],
    }
