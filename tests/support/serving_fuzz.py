"""Bodies for a train_xgb endpoint from a seed: rows that must be answered, and whatever else there is.

`rows_of` says which encoded rows a body holds, in a few lines that share nothing with the
image: whatever is answered 200 must be the model's own answer to those.
"""

import csv
import io
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.train_xgb_data import CONTACTS, ENCODED_NAMES, JOBS, TEST_CLIENTS, Client

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
RAW_NAMES = ["age", "rate", "job", "contact"]
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ACCEPTS = (None, "*/*", CSV, JSON, JSON_LINES, f"{JSON};q=0.9, {CSV};q=0.1")
# What somebody writes where a number, a text or a row should be.
CELLS = (
    *("", " ", "nan", "NaN", "NULL", "null", "None", "inf", "-inf", "Infinity", "1e309", "-1e309", "3.5e38"),
    *(
        "1e38",
        "-1e38",
        "1e-46",
        "-0",
        "0x10",
        "1_000",
        "1.5.2",
        "1,5",
        "１",
        "٣",
        "--1",
        "+1",
        "1e",
        "e1",
        ".",
    ),
    *("9" * 400, "0." + "0" * 400 + "1", "18446744073709551616", "-9223372036854775809", "true", "=1+1", "'"),
    *(
        '"',
        '"a',
        'a""b',
        "\x00",
        "\x1f",
        "\u2028",
        "\ufeff",
        "\U0001f4a9",
        "x" * 5000,
        "student",
        "phone",
        "58",
    ),
)
JSON_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -0.0, 58, 58.0, 58.5, 10**400, -(10**25), 1e308, 1e-320, "58", "", "student"),
    *([], {}, [1], [[1]], {"features": []}, {"features": [1] * 7}, {"instances": []}, "\ud800", "x" * 3000),
)
NAMES = (*RAW_NAMES, *ENCODED_NAMES, "features", "instances", "", "Age", "age ", "shoe_size")


@dataclass(frozen=True, slots=True)
class Case:
    """A request's body and what describes it; `expects` are the clients whose answers must come."""

    headers: dict[str, str]
    body: bytes
    expects: tuple[Client, ...] | None = None

    @property
    def content_type(self) -> str:
        """As the caller says it."""
        return self.headers.get("Content-Type", "")


def case(source: random.Random) -> Case:
    """A request: every other one must be answered."""
    clients = tuple(source.choices(TEST_CLIENTS, k=source.choice((1, 1, 1, 2, 5, 60))))
    content_type, body = source.choice(WRITERS)(clients, source)
    headers = {"Content-Type": content_type, **_extras(source)}
    if source.random() < 0.5:
        return Case(headers, body, clients)
    spoilt = source.choice(SPOILERS)(body, source)
    if source.random() < 0.15:
        headers["Content-Type"] = source.choice(
            (
                "",
                "text/csv; charset=utf-16",
                "text/csv;charset=UTF-8",
                "image/png",
                "a",
                "text/csv; header=present",
            )
        )
    if source.random() < 0.05:
        headers["Accept"] = source.choice(
            ("image/png", ";;;", "a" * 3000, "*/*;q=nan", "text/csv;q=2", "\xff")
        )
    return Case(headers, spoilt)


def rows_of(content_type: str, body: bytes) -> list[list[str]]:
    """The encoded rows in a body, cells as text. Raises ValueError where there are none to speak of."""
    # A mark at the beginning says that it is UTF-8, and nothing more.
    text = body.decode("utf-8-sig")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == CSV:
        return _csv_rows(text)
    if kind == JSON_LINES:
        return [_json_row(json.loads(line)) for line in text.split("\n") if line.strip()]
    document = json.loads(text)
    if isinstance(document, dict) and "instances" in document:
        document = document["instances"]
    return [_json_row(each) for each in (document if isinstance(document, list) else [document])]


def _csv_rows(text: str) -> list[list[str]]:
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if sorted(rows[0]) == sorted(RAW_NAMES):
        return [_raw_row(dict(zip(rows[0], row, strict=True))) for row in rows[1:]]
    if sorted(rows[0]) == sorted(ENCODED_NAMES):
        return [[dict(zip(rows[0], row, strict=True))[name] for name in ENCODED_NAMES] for row in rows[1:]]
    return [_encoded_row(row) for row in rows]


def _encoded_row(cells: Sequence[str]) -> list[str]:
    if len(cells) != len(ENCODED_NAMES):
        raise ValueError(f"{len(cells)} cells")
    return [_number(cell) if cell.strip() else "" for cell in cells]


def _raw_row(cells: dict[str, str]) -> list[str]:
    age = float(_number(cells["age"]))
    if not age.is_integer():
        raise ValueError(cells["age"])
    rate = float(_number(cells["rate"])) if cells["rate"].strip() else None
    return _encoded(int(age), rate, cells["job"], cells["contact"] or None)


def _json_row(row: Any) -> list[str]:
    if set(row) == {"features"}:
        numbers = row["features"]
        if any(isinstance(each, bool) or not isinstance(each, int | float | None) for each in numbers):
            raise ValueError("no numbers")
        return _encoded_row(["" if each is None else repr(float(each)) for each in numbers])
    age, rate = row["age"], row["rate"]
    if isinstance(age, bool) or isinstance(rate, bool) or set(row) != set(RAW_NAMES) or int(age) != age:
        raise ValueError("no row")
    return _encoded(int(age), None if rate is None else float(rate), row["job"], row["contact"])


def _encoded(age: int, rate: float | None, job: str, contact: str | None) -> list[str]:
    if job not in JOBS or contact not in (None, *CONTACTS):
        raise ValueError("no category")
    return Client(age, rate, job, contact, 0).encoded()


def _number(cell: str) -> str:
    if NUMBER.fullmatch(cell.strip()) is None:
        raise ValueError(f"{cell!r} is no number")
    return cell.strip()


# -- rows that must be answered ------------------------------------------------


def _encoded_csv(clients: Sequence[Client], source: random.Random) -> tuple[str, bytes]:
    end = source.choice(("\n", "\r\n"))
    text = end.join(",".join(client.encoded()) for client in clients)
    return CSV, (text + (end if source.random() < 0.7 else "")).encode()


def _raw_csv(clients: Sequence[Client], source: random.Random) -> tuple[str, bytes]:
    names = source.sample(RAW_NAMES, len(RAW_NAMES))
    written = io.StringIO()
    rows = csv.writer(written, lineterminator=source.choice(("\n", "\r\n")))
    rows.writerow(names)
    rows.writerows(
        ["" if client.raw()[name] is None else client.raw()[name] for name in names] for client in clients
    )
    return CSV, written.getvalue().encode()


def _json_document(client: Client, source: random.Random) -> dict[str, object]:
    if source.random() < 0.5:
        return {name: client.raw()[name] for name in source.sample(RAW_NAMES, len(RAW_NAMES))}
    return {"features": [float(cell) if cell else None for cell in client.encoded()]}


def _json_text(clients: Sequence[Client], source: random.Random) -> tuple[str, bytes]:
    documents = [_json_document(client, source) for client in clients]
    whole: object = source.choice(({"instances": documents}, documents))
    if len(documents) == 1 and source.random() < 0.5:
        whole = documents[0]
    return JSON, json.dumps(
        whole, indent=source.choice((None, 1)), ensure_ascii=source.random() < 0.5
    ).encode()


def _json_lines(clients: Sequence[Client], source: random.Random) -> tuple[str, bytes]:
    return JSON_LINES, "".join(json.dumps(_json_document(each, source)) + "\n" for each in clients).encode()


WRITERS = (_encoded_csv, _raw_csv, _json_text, _json_lines)


def _extras(source: random.Random) -> dict[str, str]:
    headers = {}
    accept = source.choice(ACCEPTS)
    if accept is not None:
        headers["Accept"] = accept
    if source.random() < 0.05:
        # What Java's own client says with each request over plain HTTP.
        headers |= {
            "Connection": "Upgrade, HTTP2-Settings",
            "Upgrade": "h2c",
            "HTTP2-Settings": "AAEAAEAAAAIAAAAB",
        }
    return headers


# -- and what becomes of them --------------------------------------------------


def _flipped(body: bytes, source: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(source.randrange(1, 4)):
        changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed)


def _shortened(body: bytes, source: random.Random) -> bytes:
    begin = source.randrange(len(body))
    return body[:begin] + body[begin + source.randrange(1, 20) :]


def _inserted(body: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(body) + 1)
    return body[:at] + source.choice(CELLS).encode() + body[at:]


def _other_cell(body: bytes, source: random.Random) -> bytes:
    """Another cell of CSV; in JSON whatever stands between two commas."""
    cells = re.split(rb"(,|\r?\n)", body)
    cells[2 * source.randrange((len(cells) + 1) // 2)] = source.choice(CELLS).encode()
    return b"".join(cells)


def _more_or_fewer_cells(body: bytes, source: random.Random) -> bytes:
    cells = body.split(b",")
    at = source.randrange(len(cells))
    cells[at : at + 1] = [] if source.random() < 0.5 else [cells[at]] * source.choice((2, 3, 500))
    return b",".join(cells)


def _other_encoding(body: bytes, source: random.Random) -> bytes:
    return body.decode().encode(
        source.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp037"))
    )


def _other_value(body: bytes, source: random.Random) -> bytes:
    """JSON with another value or another name somewhere; CSV becomes such."""
    rows: list[dict[str, Any]] = [_json_document(source.choice(TEST_CLIENTS), source) for _ in range(2)]
    row = source.choice(rows)
    if "features" in row and source.random() < 0.8:
        numbers = list(row["features"])
        numbers[source.randrange(len(numbers))] = source.choice(JSON_VALUES)
        row["features"] = numbers
    else:
        row[source.choice(NAMES)] = source.choice(JSON_VALUES)
    return json.dumps(source.choice((rows, {"instances": rows}, row))).encode()


def _nonsense(_body: bytes, source: random.Random) -> bytes:
    depth = source.choice((100, 5000, 100_000))
    return source.choice(
        (
            b"",
            b"\n" * 3000,
            b"," * 70_000,
            b'"' + b"x" * 200_000,
            b"[" * depth,
            b'{"instances":' * depth,
            b"9" * 50_000,
            b'{"a":1,"a":2}',
            source.randbytes(source.choice((1, 50, 3000))),
            b"1," * 3_200_000,
        )
    )


SPOILERS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flipped, _shortened, _inserted, _other_cell, _other_cell, _more_or_fewer_cells, _other_encoding),
    *(_other_value, _other_value, _nonsense),
)


# -- what is not even a request ------------------------------------------------


def torn(path: str, source: random.Random) -> bytes:
    """Bytes that are no whole request, or a strange one."""
    line = TEST_CLIENTS[0].encoded_line().encode()
    head = f"POST {path} HTTP/1.1\r\nHost: fuzz\r\nContent-Type: text/csv\r\n".encode()
    broken = (
        *(b"Content-Length: -1", b"Content-Length: 1e3", b"Content-Length: 99999999999999999999999"),
        *(b"Content-Length: 1\r\nContent-Length: 2", b"Content-Length: 4\r\nTransfer-Encoding: chunked"),
        *(b"Transfer-Encoding: gzip", b"Bad Header: 1", b"A\x00: 1", b": 1", b"X: " + b"y" * 70_000),
    )
    whole = (
        *(head + each + b"\r\n\r\n" + line for each in broken),
        *(
            head + b"Transfer-Encoding: chunked\r\n\r\n" + each
            for each in (b"zz\r\n", b"-1\r\n", b"5\r\nab\r\n0\r\n")
        ),
        *(
            b"GET",
            b"\x16\x03\x01\x02\x00\x01\x00\x01",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x00" * 500,
            b"\r\n" * 50,
        ),
        *(
            b"GET /ping HTTP/9.9\r\n\r\n",
            b"GET /p ing HTTP/1.1\r\n\r\n",
            b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        *(
            b"G\xc9T / HTTP/1.1\r\n\r\n",
            b"GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\n\r\n",
        ),
        *(
            b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
            source.randbytes(300),
        ),
        head + b"Content-Length: 1000\r\n\r\n" + line,
    )
    return source.choice(whole)
