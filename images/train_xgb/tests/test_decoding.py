import json

import numpy as np
import pytest
from train_xgb.decoding import decode
from train_xgb.encoding import Encoder, parse_encoder
from train_xgb.errors import BadRequestError, BadRowError
from train_xgb.media import CSV, JSON, JSON_LINES

RAW = {"age": 51, "rate": 0.25, "job": "student", "city": "Århus, old town"}
ENCODED = [float(np.float32((51 - 40.5) / 10.25)), 0.25, 0, 0, 1, 1, 0]
HEADER = "rate,city,age,job\n"
ENCODED_LINE = ",".join(str(np.float32(value)) for value in ENCODED) + "\n"


def body(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        (CSV, ENCODED_LINE),
        (CSV, ENCODED_LINE.strip()),
        (CSV, "\ufeff" + ENCODED_LINE.replace("\n", "\r\n")),
        (CSV, HEADER + '0.25,"Århus, old town",51,student\n'),
        (CSV, HEADER + '0.25,"Århus, old town",51.0,student\n'),
        (CSV, "rate,age,job_admin,job_blue_collar,job_student,city_bonn,city_arhus\n"
              f"0.25,{np.float32(ENCODED[0])},0,0,1,0,1\n"),
        (JSON, body({"instances": [{"features": ENCODED}]})),
        (JSON, body({"instances": [RAW]})),
        (JSON, body([RAW])),
        (JSON, body([{"features": ENCODED}])),
        (JSON, body(RAW)),
        (JSON, body({"features": ENCODED})),
        (JSON_LINES, body(RAW) + "\n"),
        (JSON_LINES, body({"features": ENCODED})),
    ],
)  # fmt: skip
def test_every_way_to_say_a_row_gives_the_same_bits(encoder: Encoder, media_type: str, text: str) -> None:
    decoded = decode(media_type, text.encode(), encoder)

    assert decoded.dtype == np.float32
    assert decoded.tobytes() == np.array([ENCODED], dtype=np.float32).tobytes()


def test_empty_cells_and_nulls_are_missing_where_the_feature_may_be(encoder: Encoder) -> None:
    rows = [
        decode(CSV, b"0.5,,1,0,0,0,0\n", encoder),
        decode(JSON, body({"features": [0.5, None, 1, 0, 0, 0, 0]}).encode(), encoder),
    ]
    raw = [
        decode(CSV, b"rate,city,age,job\n,,51,admin.\n", encoder),
        decode(JSON_LINES, body(RAW | {"rate": None, "city": None, "job": "admin."}).encode(), encoder),
    ]

    assert all(np.isnan(row[0, 1]) and row[0, 2:].tolist() == [1, 0, 0, 0, 0] for row in rows + raw)


def test_line_ends_inside_a_text_do_not_end_the_row(encoder_bytes: bytes) -> None:
    name = "line\u2028one\nline two"
    document = json.loads(encoder_bytes.decode().replace("blue-collar", json.dumps(name)[1:-1]))
    encoder = parse_encoder(json.dumps(document).encode(), "encoder.json")
    row = RAW | {"job": name}

    texts = {
        CSV: HEADER + f'0.25,"Århus, old town",51,"{name}"\n',
        JSON_LINES: body(row) + "\n" + body(row) + "\n",
    }

    for media_type, text in texts.items():
        assert decode(media_type, text.encode(), encoder)[-1, 2:5].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("media_type", "text", "row", "reason"),
    [
        (CSV, ENCODED_LINE + "1,2\n", 2, "2 columns, an encoded row has 7; raw rows need a header"),
        (CSV, "51,0.25,student,Bonn\n", 1, "4 columns, an encoded row has 7; raw rows need a header"),
        (CSV, ENCODED_LINE + "x,0,1,0,0,1,0\n", 2, "age is 'x', not a number"),
        (CSV, "0,nan,1,0,0,1,0\n", 1, "rate is 'nan', not a finite number"),
        (CSV, "0,-inf,1,0,0,1,0\n", 1, "rate is '-inf', not a finite number"),
        (CSV, "0,1e99,1,0,0,1,0\n", 1, "rate is not a finite number, or too large"),
        (CSV, "1_0,0,1,0,0,1,0\n", 1, "age is '1_0', not a number"),
        (CSV, "٣,0,1,0,0,1,0\n", 1, "age is '٣', not a number"),
        (CSV, ",0,1,0,0,1,0\n", 1, "age is empty"),
        (CSV, "0,0,1,1,0,1,0\n", 1, "job has 2 of its columns at 1"),
        (
            CSV,
            HEADER + "0.25,Bonn,51,student\n0.25,Bonn,51,pilot\n",
            2,
            "job 'pilot' is not a known category",
        ),
        (CSV, HEADER + "0.25,Bonn,58.5,student\n", 1, "age is 58.5; it needs a whole number"),
        (CSV, HEADER + "0.25,Bonn,old,student\n", 1, "age is 'old', not a number"),
        (CSV, HEADER + "0.25,Bonn,NaN,student\n", 1, "age is 'NaN', not a finite number"),
        (CSV, HEADER + "0.25,Bonn,51\n", 1, "3 columns, the header has 4"),
        (CSV, HEADER + "0.25,Bonn,51,\n", 1, "job is empty"),
        (JSON, body({"instances": [RAW, RAW | {"age": "58"}]}), 2, "age is the text '58'"),
        (JSON, body({"instances": [RAW | {"zip": 1}]}), 1, "unknown: 'zip'"),
        (JSON, body({"instances": [{"age": 1}]}), 1, "missing: rate, job, city"),
        (JSON, body({"instances": [RAW | {"y": "no"}]}), 1, "y is the target"),
        (JSON, body({"instances": [{"features": [1, 2]}]}), 1, "2 features, an encoded row has 7"),
        (JSON, body({"instances": [{"features": ["1", *ENCODED[1:]]}]}), 1, "age is '1', not a number"),
        (JSON, body({"instances": [{"features": [True, *ENCODED[1:]]}]}), 1, "age is True, not a number"),
        (JSON, body({"instances": [{"features": [10**400, *ENCODED[1:]]}]}), 1, "age is not a finite number"),
        (JSON, '{"features": [1e400, 0, 1, 0, 0, 1, 0]}', 1, "age is not a finite number"),
        (JSON, body({"instances": [ENCODED]}), 1, "a row must be"),
        (JSON_LINES, body(RAW) + "\n\n{oops\n", 2, "the line is not valid JSON"),
        (JSON_LINES, body(RAW) + "\n5\n", 2, "a row must be"),
    ],
)
def test_a_bad_row_is_refused_with_its_number_and_the_reason(
    encoder: Encoder, media_type: str, text: str, row: int, reason: str
) -> None:
    with pytest.raises(BadRowError) as refusal:
        decode(media_type, text.encode(), encoder)

    assert refusal.value.row == row
    assert str(refusal.value).startswith(f"Row {row}: ")
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("media_type", "text", "reason"),
    [
        (CSV, "", "The body is empty"),
        (JSON, " \n", "The body is empty"),
        (CSV, b"\xff\xfe", "not UTF-8"),
        (CSV, HEADER, "a header but no rows"),
        (CSV, "rate,city,age\n1,Bonn,2\n", "missing: job"),
        (CSV, "management,single,no\n", "was read as a header"),
        (CSV, "rate,city,age,job,y\n1,Bonn,2,student,no\n", "y is the target"),
        (CSV, '0.1,"unclosed\n', "not CSV"),
        (JSON, "{", "not valid JSON"),
        (JSON, '{"features": [NaN]}', "NaN is not a JSON number"),
        (JSON, '{"age": 1, "age": 2}', "'age' is given twice"),
        (JSON, "5", "The body must be"),
        (JSON, "[]", "no rows"),
        (JSON, '{"instances": []}', "no rows"),
        (JSON, '{"instances": {}}', "must be a list"),
        (JSON, '{"instances": [], "parameters": {}}', "Unknown key 'parameters'"),
        (JSON, "[" * 100_000, "not valid JSON"),
    ],
)
def test_a_body_that_holds_no_rows_is_refused(
    encoder: Encoder, media_type: str, text: str | bytes, reason: str
) -> None:
    with pytest.raises(BadRequestError, match=reason):
        decode(media_type, text.encode() if isinstance(text, str) else text, encoder)


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        (CSV, "fifty,0.25,0,0,1,1,0\n"),
        (CSV, '"fifty, or so",0.25,0,0,1,1,0\n'),
        (CSV, "nan,0.25,0,0,1,1,0\n"),
        (CSV, "inf,0.25,0,0,1,1,0\n"),
        (CSV, ",0.25,0,0,1,1,0\n"),
        (CSV, HEADER + '0.25,"Århus, old town",fifty,student\n'),
        (JSON, body({"features": ["fifty", *ENCODED[1:]]})),
        (JSON, body(RAW | {"age": "fifty"})),
        (JSON_LINES, body(RAW | {"age": "51"})),
    ],
)
def test_text_for_a_number_is_a_missing_one_where_a_project_wants_it(
    encoder: Encoder, media_type: str, text: str
) -> None:
    decoded = decode(media_type, text.encode(), encoder.with_text_as_missing())

    assert np.isnan(decoded[0, 0])
    assert decoded[0, 1:].tolist() == ENCODED[1:]
    with pytest.raises(BadRowError, match="age"):
        decode(media_type, text.encode(), encoder)


def test_text_for_a_category_stays_refused(encoder: Encoder) -> None:
    lenient = encoder.with_text_as_missing()

    for text in ("0.5,0.25,x,0,1,1,0\n", HEADER + "0.25,Bonn,51,pilot\n"):
        with pytest.raises(BadRowError, match="job"):
            decode(CSV, text.encode(), lenient)
