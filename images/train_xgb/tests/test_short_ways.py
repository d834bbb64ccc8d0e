"""The short ways for one row and for a batch are the long way's numbers, or leave it to that one."""

import json
import random
from typing import Any

import numpy as np
import pytest
from train_xgb.columns import decode_columns
from train_xgb.decoding import decode
from train_xgb.encoding import Encoder, parse_encoder
from train_xgb.errors import RequestError
from train_xgb.media import CSV, JSON, JSON_LINES
from train_xgb.plain_csv import PlainCsv
from train_xgb.single import LONGEST_BODY, SingleRows

NAMES = ("age", "rate", "job", "city")
JOBS = ("admin.", "blue-collar", "student")
CITIES = ("Århus, old town", "Bonn", None)
# Cells that decide: what Python, CSV and JSON read differently, and the edges of float32.
CELLS = (
    "", " ", "0", "1", "-0", "-0.0", "1.0", "01", "+1", "2", "1e0", ".5", "5.", "1_0", "0x1", "nan", "NaN",
    "inf", "-Infinity", "1e39", "-1e39", "3.4028235e38", "3.4028236e38", "1e-46", "1e400", " 1", "1 ", "\t1",
    "١", "½", "true", "null", '"1"', "1\r", "\x001", "1\x0b", "admin.", "0.1234567890123456789",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, 0, 1, -0.0, 51, 51.0, 51.5, True, False, "51", "", "Bonn", "bonn", "student", [], {}, 10**400,
    2**63, 1e39,
)  # fmt: skip


def long_way(media_type: str, body: bytes, encoder: Encoder) -> bytes | None:
    """The bytes of the rows that `decode` gives, None where it refuses."""
    try:
        return decode(media_type, body, encoder).tobytes()
    except RequestError:
        return None


def agree(media_type: str, body: bytes, encoder: Encoder) -> None:
    """All short ways say what the long way says, or nothing."""
    expected = long_way(media_type, body, encoder)
    columns = decode_columns(media_type, body, encoder)
    row = SingleRows(encoder).read(media_type, body)
    plain = PlainCsv(encoder).read(body) if media_type == CSV else None

    assert plain is None or plain.tobytes() == expected, body
    assert columns is None or columns.tobytes() == expected, body
    assert row is None or np.array(row).astype(np.float32).tobytes() == expected, body


def raw_row(source: random.Random) -> dict[str, object]:
    return {
        "age": source.randint(18, 95),
        "rate": source.choice([None, source.gauss(0, 1)]),
        "job": source.choice(JOBS),
        "city": source.choice(CITIES),
    }


def encoded_cells(source: random.Random) -> list[str]:
    job, city = source.randrange(3), source.randrange(3)
    return [
        str(np.float32(source.gauss(0, 1))),
        source.choice(["", str(np.float32(source.gauss(0, 1)))]),
        *("1" if at == job else "0" for at in range(3)),
        *("1" if at == city else "0" for at in range(2)),
    ]


def raw_line(row: dict[str, object], names: tuple[str, ...] = NAMES) -> str:
    quoted = {name: "" if row[name] is None else str(row[name]) for name in names}
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in quoted.values()) + "\n"


def bodies(count: int, seed: int) -> list[tuple[str, bytes]]:
    """The same good rows in every way of saying them."""
    source = random.Random(seed)
    rows = [raw_row(source) for _ in range(count)]
    plain = [row | {"city": source.choice(["Bonn", None])} for row in rows]
    encoded = [encoded_cells(source) for _ in range(count)]
    features = [{"features": [float(cell) if cell else None for cell in row]} for row in encoded]
    shuffled = ("job", "rate", "city", "age")
    texts = {
        CSV: [
            "".join(",".join(row) + "\n" for row in encoded),
            "".join(",".join(row) + "\r\n" for row in encoded).removesuffix("\r\n"),
            ",".join(NAMES) + "\n" + "".join(map(raw_line, plain)),
            ",".join(shuffled) + "\r\n" + "".join(raw_line(row, shuffled) for row in plain),
            ",".join(NAMES) + "\n" + "".join(map(raw_line, rows)),
            "\ufeff" + ",".join(NAMES) + "\n" + "".join(map(raw_line, plain)).removesuffix("\n"),
        ],
        JSON: [json.dumps(rows), json.dumps({"instances": features}), json.dumps(features)],
        JSON_LINES: [
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
            "\n".join(json.dumps(row) for row in features),
        ],
    }
    return [(media_type, text.encode()) for media_type, each in texts.items() for text in each]


@pytest.mark.parametrize("count", [1, 2, 50])
def test_good_rows_take_the_short_way_to_the_same_bits(encoder: Encoder, count: int) -> None:
    quoted_or_short = 0
    for media_type, body in bodies(count, seed=count):
        expected = long_way(media_type, body, encoder)
        columns = decode_columns(media_type, body, encoder)
        row = SingleRows(encoder).read(media_type, body)

        assert expected is not None
        if b'"' in body and media_type == CSV:
            quoted_or_short += columns is None
        else:
            assert columns is not None, body
            assert columns.tobytes() == expected
        if count == 1 and not body.startswith(b"\xef\xbb\xbf"):
            assert row is not None, body
            assert np.array(row).astype(np.float32).tobytes() == expected
        elif count > 1:
            assert row is None
    # Quotes are the long way's; the batch with "Århus, old town" has them.
    assert quoted_or_short <= 1


@pytest.mark.parametrize("end", ["\n", ""])
def test_lines_as_preprocessing_writes_them_take_the_shortest_way(encoder: Encoder, end: str) -> None:
    source = random.Random(11)
    rows = [encoded_cells(source) for _ in range(300)]
    lines = "\n".join(",".join([row[0], row[1] or "0", *row[2:]]) for row in rows) + end

    read = PlainCsv(encoder).read(lines.encode())

    assert read is not None
    assert read.dtype == np.float32
    assert read.tobytes() == long_way(CSV, lines.encode(), encoder)


@pytest.mark.parametrize("part", ["numeric", "categorical"])
def test_an_encoder_of_numbers_or_of_categories_alone_has_no_shortest_way(
    encoder_bytes: bytes, part: str
) -> None:
    document = json.loads(encoder_bytes)
    document[part] = []
    kept = {"numeric": slice(2, 7), "categorical": slice(0, 2)}[part]
    document["encoded_names"] = document["encoded_names"][kept]
    encoder = parse_encoder(json.dumps(document).encode(), "encoder.json")

    for line in (b"0,1,0,0,1\n", b"1,1\n", b"0.5,1\n"):
        assert PlainCsv(encoder).read(line * 9) is None
        agree(CSV, line * 9, encoder)


@pytest.mark.parametrize("place", range(7))
@pytest.mark.parametrize("cell", CELLS)
def test_no_cell_is_read_another_way(encoder: Encoder, cell: str, place: int) -> None:
    cells = ["0.5", "0.25", "1", "0", "0", "0", "1"]
    cells[place] = cell
    line = ",".join(cells) + "\n"
    good = "0.5,,0,1,0,0,0\n"

    for text in (line, good + line, line + good, line.strip("\n"), "\n" + line, line + "\n"):
        agree(CSV, text.encode(), encoder)
        agree(CSV, text.encode(), encoder.with_text_as_missing())
    if place < len(NAMES):
        raw = ["51", "0.25", "student", "Bonn"]
        raw[place] = cell
        for text in (",".join(raw), ",".join(raw) + "\n", ",".join(raw) + "\n51,,admin.,\n"):
            agree(CSV, (",".join(NAMES) + "\n" + text).encode(), encoder)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_no_value_is_read_another_way(encoder: Encoder, name: str, value: object) -> None:
    row = {"age": 51, "rate": 0.25, "job": "student", "city": "Bonn"}
    odd = row | {name: value}
    features: list[object] = [0.5, 0.25, 1, 0, 0, 0, 1]
    odd_features = [value if at == NAMES.index(name) else each for at, each in enumerate(features)]

    for documents in (
        [odd], [row, odd], [{"features": odd_features}], [{"features": features}, {"features": odd_features}],
        [row, {"features": features}], [{"features": features}, row], [row | {"zip": 1}], [odd_features],
        [value],
    ):  # fmt: skip
        agree(JSON, json.dumps(documents).encode(), encoder)
        agree(JSON, json.dumps(documents).encode(), encoder.with_text_as_missing())
        agree(JSON, json.dumps({"instances": documents}).encode(), encoder)
        agree(JSON, json.dumps(documents[0], indent=1).encode(), encoder)
        agree(JSON_LINES, "\n".join(json.dumps(each) for each in documents).encode(), encoder)
        agree(JSON_LINES, json.dumps(documents[0], indent=1).encode(), encoder)
        agree(JSON_LINES, json.dumps({"instances": documents}).encode(), encoder)


def test_broken_bodies_are_left_to_the_long_way(encoder: Encoder) -> None:
    source = random.Random(7)
    pieces = [
        b",",
        b"\n",
        b"\r",
        b'"',
        b"_",
        b"{",
        b"}",
        b"\0",
        b"\xff",
        "é".encode(),
        b"1",
        b"nan",
        b" ",
        b"",
    ]
    for _ in range(3000):
        media_type, body = source.choice(bodies(source.choice([1, 2, 5]), seed=source.randrange(100)))
        at = source.randrange(len(body))
        broken = body[:at] + source.choice(pieces) + body[at + source.randrange(3) :]

        agree(media_type, broken, encoder)


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n", b",", b"\n\n", b"[]", b"{}", b"age,rate,job,city\n"])
@pytest.mark.parametrize("media_type", [CSV, JSON, JSON_LINES])
def test_bodies_without_rows_are_left_to_the_long_way(encoder: Encoder, media_type: str, body: bytes) -> None:
    assert decode_columns(media_type, body, encoder) is None
    assert SingleRows(encoder).read(media_type, body) is None


def test_a_category_without_a_name_is_none_in_csv(encoder_bytes: bytes) -> None:
    document = json.loads(encoder_bytes)
    document["categorical"][0]["categories"][0]["value"] = ""
    encoder = parse_encoder(json.dumps(document).encode(), "encoder.json")

    agree(CSV, b"age,rate,job,city\n51,0.5,,Bonn\n", encoder)
    agree(JSON, b'[{"age": 51, "rate": 0.5, "job": "", "city": "Bonn"}]', encoder)


def test_long_bodies_are_no_single_rows(encoder: Encoder) -> None:
    line = b"0.5,0.25,1,0,0,0,1"
    assert SingleRows(encoder).read(CSV, line) is not None
    assert SingleRows(encoder).read(CSV, b" " * LONGEST_BODY + line) is None
