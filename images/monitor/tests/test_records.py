"""What a body or a label holds."""

import pytest
from monitor.records import by_path, csv_lines, flat, header_of, json_records, truths
from smcontract.failure import ContractError


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1,2\n", ["1,2"]),
        ("1,2\r\n3,4", ["1,2", "3,4"]),
        ("1,\n\n,4\n", ["1,", ",4"]),
        # Only a line feed ends a record: U+2028 is a character as others are.
        ("a\u2028b\n", ["a\u2028b"]),
        ('"Wien, ""alt""",2\n3,"b"\n', ['"Wien, ""alt""",2', "3,b"]),
        ('"a\nb",2\n', ['"a\nb",2']),
    ],
)
def test_a_csv_body_is_its_records(text: str, lines: list[str]) -> None:
    assert csv_lines(text) == lines


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["age,job", "41,admin."], ["age", "job"]),
        (["job,age", "admin.,-4.1e3"], ["job", "age"]),
        (["rate,job", "NaN,admin."], ["rate", "job"]),
        # A row alone, rows of text alone, a gap, a number, a name twice: none of it is a header.
        (["age,job"], None),
        (["Bern,red", "Rome,blue"], None),
        (["Bern,", "Rome,1"], None),
        (["Bern,2", "Rome,1"], None),
        (["Bern,Bern", "Rome,1"], None),
    ],
)
def test_a_header_is_names_above_a_row_with_a_number(lines: list[str], names: list[str] | None) -> None:
    assert header_of(lines) == names


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('{"a": 1}', [{"a": "1"}]),
        ('[{"a": 1}, {"a": 2}]', [{"a": "1"}, {"a": "2"}]),
        ('{"a": 1}\n{"a": 2}\n', [{"a": "1"}, {"a": "2"}]),
        # Numbers stay as they were written, whatever a float can hold.
        (
            '{"a": 1.50, "b": 12345678901234567890, "c": NaN}',
            [{"a": "1.50", "b": "12345678901234567890", "c": "NaN"}],
        ),
    ],
)
def test_a_json_body_is_a_document_a_list_or_lines(text: str, records: list[object]) -> None:
    assert json_records(text) == records


@pytest.mark.parametrize("text", ['{"a": 1', '{"a": 1}\n{"a"', "yes", ""])
def test_a_body_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        json_records(text)


def test_a_flat_record_is_text_by_key() -> None:
    assert flat({"a": "1", "b": True, "c": None, "d": "x"}, "here") == {
        "a": "1",
        "b": "true",
        "c": None,
        "d": "x",
    }


@pytest.mark.parametrize("record", [[1], "x", {"a": {"b": 1}}, {"a": [1]}])
def test_a_record_that_is_not_flat_is_refused_with_its_place(record: object) -> None:
    with pytest.raises(ContractError, match=r"^line 3 of c\.jsonl: .*record_preprocessor_script"):
        flat(record, "line 3 of c.jsonl")


def test_values_are_found_by_json_path() -> None:
    record = {
        "predictions": [{"label": "yes", "scores": ["0.1", "0.9"]}],
        "model": {"name": "m"},
        "flag": False,
    }

    assert by_path(record) == {
        "predictions[0].label": "yes",
        "predictions[0].scores[0]": "0.1",
        "predictions[0].scores[1]": "0.9",
        "model.name": "m",
        "flag": "false",
    }
    assert by_path("0.9") == {"value": "0.9"}


@pytest.mark.parametrize(
    ("data", "encoding", "labels"),
    [
        ("yes", "CSV", ["yes"]),
        ('"Wien, alt"\n', "CSV", ["Wien, alt"]),
        ("1\n0\n", "CSV", ["1", "0"]),
        ("1.0", "JSON", ["1.0"]),
        ('"yes"', "JSON", ["yes"]),
        ('{"label": 1}', "JSON", ["1"]),
        ("[1, 0]", "JSON", ["1", "0"]),
        ('[{"label": 1}, {"label": null}]', "JSON", ["1", None]),
    ],
)
def test_a_label_has_one_value_for_each_record_of_its_call(
    data: str, encoding: str, labels: list[str | None]
) -> None:
    assert truths(data, encoding, len(labels), "here") == labels


@pytest.mark.parametrize(
    ("data", "encoding", "count", "told"),
    [
        ("1", "CSV", 3, r"the call's records \(3\) and its label's \(1\) are not as many"),
        ("1\n0", "CSV", 1, r"the call's records \(1\) and its label's \(2\) are"),
        ("1,0", "CSV", 1, "the label of a record has 2 values"),
        ('{"label": 1, "group": 2}', "JSON", 1, "the label of a record has 2 values"),
        ('{"label": [1]}', "JSON", 1, r"the label \['1'\] is not one value"),
        ("{", "JSON", 1, "the label '{' is no JSON"),
        ("MQ==", "BASE64", 1, "the label's encoding is BASE64; upload it as CSV or JSON"),
    ],
)
def test_a_label_of_another_form_is_refused_with_its_place(
    data: str, encoding: str, count: int, told: str
) -> None:
    with pytest.raises(ContractError, match=rf"^line 3 of m\.jsonl: {told}"):
        truths(data, encoding, count, "line 3 of m.jsonl")
