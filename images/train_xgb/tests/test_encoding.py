import json

import numpy as np
import pytest
from smcontract.failure import ContractError
from train_xgb.encoding import Encoder, RowError, parse_encoder

ROW: dict[str, object] = {"age": 51, "rate": 0.25, "job": "student", "city": "Bonn"}


def test_numbers_are_scaled_and_texts_become_columns(encoder: Encoder) -> None:
    assert encoder.encode(ROW) == [(51 - 40.5) / 10.25, 0.25, 0, 0, 1, 0, 1]


def test_null_is_nan_for_a_number_and_no_column_for_a_text(encoder: Encoder) -> None:
    encoded = encoder.encode(ROW | {"rate": None, "city": None})

    assert np.isnan(encoded[1])
    assert encoded[5:] == [0, 0]


def test_a_number_beyond_the_range_of_training_is_encoded(encoder: Encoder) -> None:
    assert encoder.encode(ROW | {"age": 240})[0] == (240 - 40.5) / 10.25


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age": None}, "age is empty; it needs a whole number"),
        ({"age": 58.5}, "age is 58.5; it needs a whole number"),
        ({"age": "58"}, "age is the text '58'; send a whole number without quotes"),
        ({"age": True}, "age is True; it needs a whole number"),
        ({"age": [1]}, "age is [1]; it needs a whole number"),
        ({"age": 10**400}, "age is not a finite number"),
        ({"rate": "x"}, "rate is the text 'x'; send a number without quotes"),
        ({"job": None}, "job is empty; it needs one of admin., blue-collar, student"),
        ({"job": "pilot"}, "job 'pilot' is not a known category; it needs one of admin."),
        ({"job": 3}, "job is 3; it needs one of admin."),
        ({"city": "bonn"}, "city 'bonn' is not a known category"),
    ],
)
def test_a_value_that_has_no_encoding_is_refused_by_name(
    encoder: Encoder, change: dict[str, object], reason: str
) -> None:
    with pytest.raises(RowError) as failure:
        encoder.encode(ROW | change)

    assert reason in str(failure.value)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["age", "rate", "job"], "missing: city"),
        (["age", "rate", "job", "city", "zip"], "unknown: 'zip'"),
        (["age", "rate", "job", "city", "age"], "given twice: age"),
        (["age", "rate", "job", "city", "y"], "y is the target"),
    ],
)
def test_other_fields_than_the_features_are_refused(encoder: Encoder, names: list[str], reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        encoder.check_names(names)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ([np.nan, 0, 1, 0, 0, 1, 0], "age is empty"),
        ([np.inf, 0, 1, 0, 0, 1, 0], "age is not a finite number"),
        ([0, 0, 0.5, 0, 0.5, 1, 0], "job_admin is 0.5; it needs 0 or 1"),
        ([0, 0, np.nan, 0, 1, 1, 0], "job_admin is empty; it needs 0 or 1"),
        ([0, 0, 1, 0, 1, 1, 0], "job has 2 of its columns at 1"),
        ([0, 0, 0, 0, 0, 1, 0], "job has 0 of its columns at 1"),
        ([0, 0, 1, 0, 0, 1, 1], "city has 2 of its columns at 1"),
    ],
)
def test_an_encoded_row_that_no_client_gives_is_found(encoder: Encoder, row: list[float], fault: str) -> None:
    rows = np.array([[0, np.nan, 1, 0, 0, 0, 0], row], dtype=np.float32)

    assert encoder.first_invalid(rows) == 1
    assert fault in encoder.fault(rows[1])


def test_an_encoder_may_refuse_empty_numbers(encoder: Encoder) -> None:
    row = np.array([[0, np.nan, 1, 0, 0, 0, 0]], dtype=np.float32)

    assert encoder.first_invalid(row) is None
    assert encoder.without_empty_numbers().first_invalid(row) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "version 2, this image reads 1"),
        ({"target": None}, "is not an encoder"),
        ({"numeric": [{"name": "age"}]}, "is not an encoder"),
        ({"encoded_names": ["age"]}, "encoded_names do not match"),
    ],
)
def test_an_encoder_of_another_kind_is_refused(
    encoder_bytes: bytes, change: dict[str, object], reason: str
) -> None:
    document = json.loads(encoder_bytes) | change

    with pytest.raises(ContractError, match=reason):
        parse_encoder(json.dumps(document).encode(), "channel/encoder.json")


def test_text_that_is_no_json_is_no_encoder() -> None:
    with pytest.raises(ContractError, match="is not an encoder"):
        parse_encoder(b"{", "encoder.json")
