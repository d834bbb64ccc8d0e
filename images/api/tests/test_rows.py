import struct

import pytest
from api.tabular.encodings import Encoder
from api.tabular.rows import TooFarError, encoded_csv, scaled

from tests.conftest import COLUMNS, ENCODER, RECORD


@pytest.mark.parametrize(
    ("number", "text"),
    # Written by pyarrow 22.0's CSV writer from float32, as preprocessing writes.
    [
        (0, "0"), (-0.0, "0"), (1, "1"), (-2.5, "-2.5"), (1000, "1000"), (123456789, "123456790"),
        (1e-4, "0.0001"), (1e-5, "0.00001"), (1.5e-6, "0.0000015"), (1e-7, "1e-7"), (2**24, "16777216"),
        (1e10, "1e+10"), (1e16, "1e+16"), (1e15, "1e+15"), (3.4e38, "3.4e+38"), (0.1, "0.1"),
        (1 / 3, "0.33333334"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_preprocessing_writes_it(number: float, text: str) -> None:
    assert scaled(number, 0.0, 1.0) == text


def test_every_number_reads_back_as_the_same_float32() -> None:
    for bits in range(0x00000001, 0x7F7FFFFF, 9_999_991):
        [number] = struct.unpack("<f", struct.pack("<I", bits))

        assert struct.pack("<f", float(scaled(number, 0.0, 1.0))) == struct.pack("<I", bits)


def test_a_number_beyond_float32_is_told_by_row_and_field() -> None:
    encoder = Encoder.model_validate(ENCODER)

    with pytest.raises(TooFarError) as refused:
        encoded_csv(encoder, [RECORD, RECORD | {"rate": 1e300}], [COLUMNS["student,"]] * 2)

    assert (refused.value.error.row, refused.value.error.field) == (2, "rate")
