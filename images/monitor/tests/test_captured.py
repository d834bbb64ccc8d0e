"""Which records of captured and merged calls count, and in which columns."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from monitor.captured import Extracted, Wanted, extract
from monitor.dataset_format import CaptureFormat
from monitor.extract import CsvRecords, ObjectRecords
from monitor.scripts import Preprocessor
from monitor.window import Window
from smcontract.failure import ContractError

IN = CaptureFormat()
OUT = CaptureFormat(("endpointOutput",))
BOTH = CaptureFormat(("endpointOutput", "endpointInput"))
MERGED = CaptureFormat(("endpointOutput",), is_merged=True)
HEADED = "age,job\n41,admin.\n"


def call(
    data: str,
    encoding: str = "CSV",
    answer: str = "yes,0.9\n",
    label: str | None = None,
    time: str = "2026-01-01T10:30:00Z",
) -> dict[str, Any]:
    """A captured call, merged where it has a label."""
    sides = {
        "endpointInput": {
            "data": data,
            "encoding": encoding,
            "mode": "INPUT",
            "observedContentType": "text/csv",
        },
        "endpointOutput": {"data": answer, "encoding": encoding, "mode": "OUTPUT"},
    }
    truth = {} if label is None else {"groundTruthData": {"data": label, "encoding": encoding}}
    metadata = {"eventId": "e", "inferenceTime": time, "customAttributes": ["k=v"]}
    return {"captureData": sides, "eventMetadata": metadata, "eventVersion": "0", **truth}


Extract = Callable[..., Extracted]


@pytest.fixture
def extracted(tmp_path: Path) -> Extract:
    def run(
        calls: Sequence[dict[str, Any]],
        format: CaptureFormat = IN,
        window: Window | None = None,
        **options: Any,
    ) -> Extracted:
        (tmp_path / "source").mkdir()
        path = tmp_path / "source" / "c.jsonl"
        path.write_text("".join(f"{json.dumps(each)}\n" for each in calls))
        return extract([path], tmp_path / "source", Wanted(format, window or Window(), **options), tmp_path)

    return run


def rows(found: Extracted) -> list[dict[str, str | None]]:
    """The records that are objects, by column."""
    assert isinstance(found.layout, ObjectRecords)
    return [
        {name: json.loads(line).get(f"f{index}") for index, name in found.layout.columns}
        for line in found.path.read_text().splitlines()
    ]


def test_each_record_of_a_csv_call_is_a_row(extracted: Extract) -> None:
    found = extracted([call("1,2\n3,4\n"), call("5,\n")])

    assert found.path.read_text() == "1,2\n3,4\n5,\n"
    assert (found.layout, found.records, found.calls) == (CsvRecords(), 3, 2)


def test_a_character_that_utf_8_has_not_becomes_a_question_mark(extracted: Extract) -> None:
    assert extracted([call("\ud800,ü\n")]).path.read_text(encoding="utf-8") == "?,ü\n"


def test_the_answers_columns_stand_first_beside_those_of_the_request(extracted: Extract) -> None:
    assert extracted([call("1,2\n3,4\n", answer="a\nb\n")], BOTH).path.read_text() == "a,1,2\nb,3,4\n"


def test_sides_of_unequal_length_are_no_table(extracted: Extract) -> None:
    with pytest.raises(
        ContractError,
        match=r"line 1 of c\.jsonl has not as many records in endpointOutput \(1\) and endpointInput \(2\)",
    ):
        extracted([call("1,2\n3,4\n", answer="a\n")], BOTH)


def test_a_label_stands_last_under_its_own_name(extracted: Extract) -> None:
    calls = [
        call("", answer="yes,0.9\nno,0.2\n", label="yes\nno\n"),
        call("", answer="no,0.1", label='"a, b"'),
    ]

    found = extracted(calls, MERGED, with_truth=True)

    assert found.path.read_text() == 'yes,0.9,yes\nno,0.2,no\nno,0.1,"a, b"\n'
    assert found.layout == CsvRecords(("groundTruth",))


def test_data_quality_of_merged_data_looks_past_the_labels(extracted: Extract) -> None:
    calls = [call("1,2\n3,4\n", label="one for both")]

    assert extracted(calls, CaptureFormat(is_merged=True)).path.read_text() == "1,2\n3,4\n"


def test_a_label_for_one_of_a_calls_records_names_the_call(extracted: Extract) -> None:
    with pytest.raises(
        ContractError, match=r"^line 1 of c\.jsonl: the call's records \(2\) and its label's \(1\)"
    ):
        extracted([call("", answer="1\n0\n", label="1")], MERGED, with_truth=True)


def test_captured_data_that_nobody_merged_has_no_labels(extracted: Extract) -> None:
    with pytest.raises(
        ContractError, match=r"line 1 of c\.jsonl is no merged call: it has no groundTruthData"
    ):
        extracted([call("1")], MERGED)


def test_json_calls_have_a_column_for_each_key(extracted: Extract) -> None:
    calls = [
        call('{"age": 41, "job": null}', "JSON"),
        call('[{"age": 42, "city": "Bern"}, {"age": 43}]', "JSON"),
    ]

    found = extracted(calls)

    assert rows(found) == [
        {"age": "41", "job": None, "city": None},
        {"age": "42", "job": None, "city": "Bern"},
        {"age": "43", "job": None, "city": None},
    ]
    assert found.records == 3


def test_both_sides_of_json_calls_are_one_row(extracted: Extract) -> None:
    assert rows(extracted([call('{"age": 41}', "JSON", '{"label": "yes"}')], BOTH)) == [
        {"label": "yes", "age": "41"}
    ]


def test_a_key_of_both_sides_is_refused(extracted: Extract) -> None:
    with pytest.raises(ContractError, match="both sides of the call have 'age'; name one side"):
        extracted([call('{"age": 41}', "JSON", '{"age": 4}')], BOTH)


def test_model_quality_finds_values_by_path_and_labels_of_json(extracted: Extract) -> None:
    calls = [call("", "JSON", '{"predictions": [{"score": 0.9}]}', '{"label": 1}')]

    assert rows(extracted(calls, MERGED, with_truth=True, nested=True)) == [
        {"predictions[0].score": "0.9", "groundTruth": "1"}
    ]


def test_data_quality_of_nested_json_is_refused(extracted: Extract) -> None:
    with pytest.raises(ContractError, match=r"^line 1 of c\.jsonl: 'a' holds \{'b': '1'\} and not one value"):
        extracted([call('{"a": {"b": 1}}', "JSON")])


def test_only_calls_of_the_window_count(extracted: Extract) -> None:
    times = {"1": "09:59:59", "2": "10:00:00", "3": "11:00:00"}
    window = Window(datetime(2026, 1, 1, 10, tzinfo=UTC), datetime(2026, 1, 1, 11, tzinfo=UTC))

    found = extracted([call(data, time=f"2026-01-01T{time}Z") for data, time in times.items()], window=window)

    assert found.path.read_text() == "2\n"


def test_no_call_in_the_window_is_told_with_the_window(extracted: Extract) -> None:
    window = Window(datetime(2026, 1, 2, tzinfo=UTC), None)

    with pytest.raises(
        ContractError,
        match=r"^Job inputs had no data: no call was captured from 2026-01-02T00:00:00Z to any time\.",
    ):
        extracted([call("1")], window=window)


MIXED = [call("1,2\n"), call(HEADED), call('{"a": 1}', "JSON"), call("MQ==", "BASE64"), call("\n")]


def test_calls_of_another_form_fail_the_job_which_says_how_to_leave_them_out(extracted: Extract) -> None:
    with pytest.raises(ContractError) as told:
        extracted(MIXED)

    assert str(told.value).startswith(
        "the content of captured calls is mixed: CSV (1), rows under a header (1), JSON (1), "
        "BASE64 (1), without a record (1); the first that is not CSV is line 2 of c.jsonl "
        "(rows under a header). Set other_records=leave_out"
    )


@pytest.mark.parametrize("calls", [MIXED, MIXED[::-1]])
def test_calls_of_another_form_are_left_out_and_counted(
    extracted: Extract, calls: list[dict[str, Any]]
) -> None:
    found = extracted(calls, leave_out=True)

    assert found.path.read_text() == "1,2\n"
    assert (found.records, found.calls, found.left_out) == (1, 5, 4)


def test_bad_json_among_csv_is_a_call_of_another_form_as_well(extracted: Extract) -> None:
    assert extracted([call("{", "JSON"), call("1\n")], leave_out=True).left_out == 1


def test_bad_json_where_all_is_json_fails(extracted: Extract) -> None:
    with pytest.raises(ContractError, match=r"^line 2 of c\.jsonl: the body '\{' is no JSON"):
        extracted([call('{"a": 1}', "JSON"), call("{", "JSON")], leave_out=True)


@pytest.mark.parametrize("calls", [MIXED[1:2], MIXED[3:4]])
def test_no_call_that_can_be_read_is_no_data(extracted: Extract, calls: list[dict[str, Any]]) -> None:
    with pytest.raises(ContractError, match="Job inputs had no data: every call is of another form"):
        extracted(calls, leave_out=True)


def test_base64_alone_cannot_be_read(extracted: Extract) -> None:
    with pytest.raises(
        ContractError, match=r"captured calls cannot be read: BASE64 \(1\)\. .*CaptureContentTypeHeader"
    ):
        extracted([call("MQ==", "BASE64")])


def test_a_header_with_exactly_the_baselines_names_is_left_out_and_its_rows_count(extracted: Extract) -> None:
    found = extracted([call(HEADED), call("42,technician\n")], names=("age", "job"))

    assert found.path.read_text() == "41,admin.\n42,technician\n"
    assert found.left_out == 0


@pytest.mark.parametrize("names", [("job", "age"), ("age", "job", "city"), ("age",), None])
def test_a_header_with_other_names_is_another_form(extracted: Extract, names: tuple[str, ...] | None) -> None:
    assert extracted([call(HEADED), call("42,technician\n")], names=names, leave_out=True).left_out == 1


def test_a_header_of_one_of_two_sides_has_the_baselines_last_names(extracted: Extract) -> None:
    found = extracted([call(HEADED, answer="yes\n")], BOTH, names=("label", "age", "job"))

    assert found.path.read_text() == "yes,41,admin.\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"captureData": {"endpointInput": {"data": "1", "en', "it is torn or no JSON"),
        ("{}", "it has no captureData"),
    ],
)
def test_a_line_that_is_no_call_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(f"{json.dumps(call('1'))}\n{line}")

    with pytest.raises(ContractError, match=rf"^line 2 of c\.jsonl is no captured call: {told}"):
        extract([path], tmp_path, Wanted(IN, Window()), tmp_path)


def test_a_call_without_the_side_that_is_asked_for_is_named(extracted: Extract) -> None:
    one = call("1")
    del one["captureData"]["endpointOutput"]

    with pytest.raises(ContractError, match=r"^line 1 of c\.jsonl was captured without endpointOutput"):
        extracted([one], OUT)


SCRIPT = """
def preprocess_handler(record, logger):
    if record.endpoint_input.data == "drop":
        return []
    truth = {} if record.ground_truth is None else {"truth": record.ground_truth.data}
    cells = [record.endpoint_output.data.strip(), *record.endpoint_input.data.split(";")]
    return {str(place).zfill(20): cell for place, cell in enumerate(cells)} | truth
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Preprocessor]:
    def write(text: str) -> Preprocessor:
        (tmp_path / "p.py").write_text(text)
        return Preprocessor(tmp_path / "p.py")

    return write


def test_keys_that_are_places_have_the_baselines_names(
    extracted: Extract, script: Callable[[str], Preprocessor]
) -> None:
    calls = [call("41;Bern", answer="yes\n"), call("drop"), call("42;Rome", "BASE64", "no\n")]

    found = extracted(calls, names=("label", "age"), preprocessor=script(SCRIPT))

    assert rows(found) == [
        {"label": "yes", "age": "41", "_c2": "Bern"},
        {"label": "no", "age": "42", "_c2": "Rome"},
    ]
    assert (found.records, found.calls, found.left_out) == (2, 3, 0)


def test_a_label_beside_places_keeps_its_name(
    extracted: Extract, script: Callable[[str], Preprocessor]
) -> None:
    handler = "def preprocess_handler(record):\n    return {'0': record.endpoint_output.data}\n"

    found = extracted(
        [call("", answer="9", label="8")], MERGED, with_truth=True, preprocessor=script(handler)
    )

    assert rows(found) == [{"_c0": "9", "groundTruth": "8"}]


def test_keys_that_are_names_are_columns_in_their_order(
    extracted: Extract, script: Callable[[str], Preprocessor]
) -> None:
    handler = "def preprocess_handler(record):\n    return [{'b': 1, 'a': True}, {'c': None, 'a': 0.5}]\n"

    found = extracted([call("1", label="1\n0")], MERGED, with_truth=True, preprocessor=script(handler))

    assert rows(found) == [
        {"a": "true", "b": "1", "c": None, "groundTruth": "1"},
        {"a": "0.5", "b": None, "c": None, "groundTruth": "0"},
    ]
    assert [name for _, name in found.layout.columns] == ["a", "b", "c", "groundTruth"]  # type: ignore[union-attr]


def test_a_script_sees_the_label_of_a_merged_call(
    extracted: Extract, script: Callable[[str], Preprocessor]
) -> None:
    found = extracted([call("1", answer="", label="yes")], MERGED, preprocessor=script(SCRIPT))

    assert rows(found)[0]["truth"] == "yes"


def test_a_script_that_drops_every_call_leaves_no_data(
    extracted: Extract, script: Callable[[str], Preprocessor]
) -> None:
    with pytest.raises(ContractError, match=r"no data: record_preprocessor_script dropped every call \(2\)"):
        extracted([call("drop"), call("drop")], preprocessor=script(SCRIPT))
