"""Records as the endpoint takes them: CSV, raw under a header or encoded without one."""

import csv
import io
import struct
from collections.abc import Mapping, Sequence
from decimal import Decimal

from api.errors import RecordError
from api.tabular.encodings import Encoder
from api.tabular.schema import Record, Schema

_FLOAT32 = struct.Struct("<f")
# Nine digits tell any two float32 apart (IEEE 754).
_MOST_DIGITS = 9


class TooFarError(ValueError):
    """A number that scaling takes out of float32's range."""

    def __init__(self, error: RecordError) -> None:
        super().__init__(error.reason)
        self.error = error


def raw_csv(schema: Schema, records: Sequence[Record]) -> bytes:
    """A header of the features' names, then the records; an empty value is an empty cell."""
    text = io.StringIO()
    names = [feature.name for feature in schema.features]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([record[name] for name in names] for record in records)
    return text.getvalue().encode()


def encoded_csv(encoder: Encoder, records: Sequence[Record], columns: Sequence[Mapping[str, str]]) -> bytes:
    """Encoded rows without a header: the scaled numbers, then what the online store has of each record.

    The same bytes as preprocessing writes for the same record. Text where a
    number belongs stands in its cell, for the model to count as missing. Raises
    TooFarError, naming row and field, for a number that cannot be scaled.
    """
    names = encoder.encoded_names[len(encoder.numeric) :]
    lines = []
    for row, (record, found) in enumerate(zip(records, columns, strict=True), start=1):
        cells = []
        for scaling in encoder.numeric:
            value = record[scaling.name]
            if isinstance(value, str):
                cells.append(_quoted(value))
                continue
            try:
                cells.append(scaled(value, scaling.mean, scaling.scale))
            except OverflowError:
                raise TooFarError(
                    RecordError(row, scaling.name, "is too far from the training's numbers")
                ) from None
        lines.append(",".join([*cells, *(found[name] for name in names)]))
    return "".join(f"{line}\n" for line in lines).encode()


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if '"' in text or "," in text else text


def scaled(value: object, mean: float, scale: float) -> str:
    """(value - mean) / scale as a float32, in the fewest digits that read back as the same one; "" for None.

    Raises OverflowError beyond float32's range.
    """
    if value is None:
        return ""
    assert isinstance(value, int | float)
    wanted = _FLOAT32.pack((float(value) - mean) / scale)
    number = _FLOAT32.unpack(wanted)[0]
    if number == 0:
        return "0"
    for digits in range(_MOST_DIGITS):
        text = f"{number:.{digits}e}"
        try:
            if _FLOAT32.pack(float(text)) == wanted:
                break
        except OverflowError:  # rounded up beyond the largest float32
            continue
    mantissa, _, exponent = text.partition("e")
    # Where Arrow, with which preprocessing writes, begins to use an exponent.
    if -7 < int(exponent) < 10:
        return f"{Decimal(text):f}"
    return f"{mantissa}e{int(exponent):+d}"
