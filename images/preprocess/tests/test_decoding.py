"""Encoded rows become again what they were."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from preprocess.decoding import Decoder, NotDecodableError, parse_decoder, read_decoders
from preprocess.encoding import Encoder, Scaling
from preprocess.rows import Rows
from preprocess.schema import Schema
from smcontract.failure import ContractError

# As wide as real ones: a year's mean and deviation are drawn, balances reach a million.
SCALINGS = (Scaling(40.936, 10.6187), Scaling(0.31, 3044.7658))


@pytest.fixture
def encoder(schema: Schema) -> Encoder:
    return Encoder(schema, SCALINGS)


@pytest.fixture
def decoder(encoder: Encoder) -> Decoder:
    return parse_decoder(json.dumps(encoder.document()).encode(), "encoder.json")


def encoded(
    encoder: Encoder, ages: list[float], rates: list[float], codes: list[list[int]]
) -> list[list[str]]:
    """The cells as preprocess writes them: the fewest digits of a float32, nothing where it is empty."""
    rows = Rows(
        np.array([ages, rates], dtype=np.float64).T.copy(),
        np.array(codes, dtype=np.int32),
        np.zeros(len(ages), dtype=np.int8),
    )
    columns = encoder.encode(rows).columns
    return [
        [
            "" if cell is None else str(np.float32(cell)) if column < 2 else str(cell)
            for column, cell in enumerate(row)
        ]
        for row in zip(*(column.to_pylist() for column in columns), strict=True)
    ]


def test_whole_numbers_fractions_and_categories_come_back(encoder: Encoder, decoder: Decoder) -> None:
    random.seed(0)
    ages = [float(random.randint(-1_000_000, 1_000_000)) for _ in range(500)]
    # Six digits are what every float32 keeps.
    rates = [float(f"{random.uniform(-9999, 9999):.3g}") for _ in ages]
    codes = [[n % 2, n % 3 - 1] for n in range(len(ages))]

    decoded = [decoder.decoded(cells) for cells in encoded(encoder, ages, rates, codes)]

    cities = ("Bern, CH", 'the "Hague"', "")
    assert decoded == [
        {"age": str(int(age)), "rate": repr(rate)}
        | {"job": ("admin.", "blue-collar")[job], "city": cities[city]}
        for age, rate, (job, city) in zip(ages, rates, codes, strict=True)
    ]


def test_a_fraction_is_encoded_to_the_same_again_whatever_its_digits(
    encoder: Encoder, decoder: Decoder
) -> None:
    rates = [1 / 3, 2**0.5 * 1000, -1e-7]
    first = encoded(encoder, [20] * 3, rates, [[0, 0]] * 3)

    again = [float(decoder.decoded(cells)["rate"]) for cells in first]

    assert encoded(encoder, [20] * 3, again, [[0, 0]] * 3) == first


def test_empty_cells_stay_empty(decoder: Decoder) -> None:
    row = decoder.decoded(["", "", *"0000"])

    assert row == {"age": "", "rate": "", "job": "", "city": ""}


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        (["about forty", "0", *"1010"], "age", "is not a number"),
        (["nan", "0", *"1010"], "age", "is not a number"),
        (["1e39", "0", *"1010"], "age", "is not a number"),
        (["0.05", "0", *"1010"], "age", "is not what the encoder makes of a whole number"),
        (["", "0", *"1110"], "job", "has several categories"),
        (["", "0", "0.5", *"010"], "job", "has a column that is neither 0 nor 1"),
        (["", "0", "yes", *"010"], "job", "has a column that is neither 0 nor 1"),
        (["", "0", *"10101"], None, "has another number of cells than its encoder gives"),
    ],
)
def test_what_no_row_is_encoded_to_is_refused_by_its_column(
    decoder: Decoder, cells: list[str], column: str | None, reason: str
) -> None:
    with pytest.raises(NotDecodableError) as refused:
        decoder.decoded(cells)

    assert (refused.value.column, str(refused.value)) == (column, reason)


def test_ones_and_zeros_may_be_written_as_fractions(decoder: Decoder) -> None:
    assert decoder.decoded(["", "", "1.0", "0.0", "0e0", "1."])["job"] == "admin."
    assert decoder.decoded(["", "", "1.0", "0.0", "0e0", "1."])["city"] == 'the "Hague"'


def test_encoders_are_known_by_the_digest_of_their_file(tmp_path: Path, encoder: Encoder) -> None:
    # Both are called encoder.json, each in the folder of its execution.
    for name, document in (("a", encoder.document()), ("b", encoder.document() | {"schema_sha256": "0"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "encoder.json").write_text(json.dumps(document))

    decoders = read_decoders(tmp_path)

    assert len(decoders) == 2
    assert all(decoder.sha256 == sha256 for sha256, decoder in decoders.items())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is no encoder.json (JSONDecodeError"),
        ("[]", "is no encoder.json (TypeError"),
        ('{"version": 2}', "has version 2; this image reads version 1."),
        ('{"version": 1, "numeric": [{"name": "age"}]}', "is no encoder.json (KeyError: 'type')"),
        (
            '{"version": 1, "numeric": [], "categorical": [], "encoded_names": ["age"]}',
            "describes 0 encoded columns and names 1",
        ),
    ],
)
def test_what_is_no_encoder_is_refused_by_name(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "encoder.json").write_text(content)

    with pytest.raises(ContractError) as refused:
        read_decoders(tmp_path)

    assert f"{tmp_path}/encoder.json {told}" in str(refused.value)


def test_no_encoder_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"has no encoder\.json"):
        read_decoders(tmp_path)
