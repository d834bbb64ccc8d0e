"""CSV: every dialect that is promised, and exact line numbers."""

import pytest
from preprocess.csv_rows import read_csv
from smcontract.failure import ContractError

WANTED = ("job", "age")


def columns(content: bytes) -> dict[str, list[str]]:
    table = read_csv(content, "a.csv", WANTED)
    return {name: cells.to_pylist() for name, cells in table.columns.items()}


@pytest.mark.parametrize(
    "content",
    [
        b"job,age\nadmin.,58\nmaid,33\n",
        b"job;age\nadmin.;58\nmaid;33\n",
        b'"job";"age"\n"admin.";58\n"maid";33\n',
        b"age,job\n58,admin.\n33,maid\n",
        b"age,extra,job\n58,x,admin.\n33,y,maid\n",
        b"\xef\xbb\xbfjob,age\nadmin.,58\nmaid,33\n",
        b'\xef\xbb\xbf"job","age"\nadmin.,58\nmaid,33',
        b"job,age\r\nadmin.,58\r\nmaid,33\r\n",
        b"job,age\radmin.,58\rmaid,33\r",
        b"\n\njob,age\n\nadmin.,58\n\n\nmaid,33\n\n",
        b"job,age,a;b;c;d;e\nadmin.,58,x\nmaid,33,y\n",
    ],
)
def test_same_rows_are_read_from_every_dialect(content: bytes) -> None:
    assert columns(content) == {"job": ["admin.", "maid"], "age": ["58", "33"]}


def test_quoted_delimiters_quotes_and_line_breaks_belong_to_the_cell() -> None:
    assert columns(b'job,age\n"a,b",1\n"say ""no""",2\n"two\nlines",3\n')["job"] == [
        "a,b",
        'say "no"',
        "two\nlines",
    ]


def test_line_numbers_are_those_of_the_file_after_quoted_breaks_and_blank_lines() -> None:
    table = read_csv(b'job,age\n"two\nlines",1\n\nb,2\n"x\r\ny\r\nz",3\nc\nd,4\n', "a.csv", WANTED)

    assert table.lines.tolist() == [2, 5, 6, 10]
    assert [(fault.line, fault.reason) for fault in table.malformed] == [
        (9, "the row has 1 cell, the header has 2")
    ]
    assert table.row_count == 5


def test_columns_that_nobody_wants_are_listed() -> None:
    assert read_csv(b"z,job,a,age\n1,2,3,4\n", "a.csv", WANTED).ignored_columns == ("z", "a")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["a.csv", "empty"]),
        (b"\n\n", ["a.csv", "empty"]),
        (b"\xef\xbb\xbf", ["a.csv", "empty"]),
        (b"job,age\n", ["a.csv", "no rows"]),
        (b"job,days\na,1\n", ["a.csv", "missing column 'age'", "'job', 'days'"]),
        (b"admin.,58\nmaid,33\n", ["a.csv", "missing columns 'job', 'age'", "'admin.', '58'"]),
        (b"job,age,job\na,1,b\n", ["a.csv", "more than one column 'job'"]),
        (b"job,age,x,x\na,1,b,c\n", ["a.csv", "more than one column 'x'"]),
        (b"job,age\na,1\ncaf\xe9,2\n", ["a.csv", "not UTF-8", "line 3", "0xe9"]),
        ("job,age\na,1\n".encode("utf-16"), ["a.csv", "not UTF-8", "line 1", "0xff"]),
        (b'job,age\na,1\nb,2\n"c,3\nd,4\n', ["a.csv", "begins at line 4", "quote"]),
        (b'job,age\na,1\n"b"c,2\n', ["a.csv", "begins at line 3", "quote"]),
    ],
)
def test_unreadable_file_is_named_with_what_is_wrong(content: bytes, words: list[str]) -> None:
    with pytest.raises(ContractError) as refused:
        read_csv(content, "a.csv", WANTED)

    assert all(word in str(refused.value) for word in words)


def test_quote_that_never_closes_is_blamed_even_in_a_large_file() -> None:
    content = b'job,age\n"a,1\n' + b"b,2\n" * 100_000

    with pytest.raises(ContractError, match="begins at line 2 has a quote out of place"):
        read_csv(content, "a.csv", WANTED)


def test_more_rows_than_are_held_at_a_time_keep_their_order_and_lines() -> None:
    content = b"job,age\n" + b"".join(b"j,%d\n" % n for n in range(120_001))

    table = read_csv(content, "a.csv", WANTED)

    assert table.columns["age"].to_pylist() == [str(n) for n in range(120_001)]
    assert table.lines.tolist() == list(range(2, 120_003))
