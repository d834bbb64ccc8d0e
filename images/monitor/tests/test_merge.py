"""Captured calls and what became of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from monitor.environment import parse_settings
from monitor.merge import REPORT_NAME, merge
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

HOUR = "ep/AllTraffic/2026/01/01/10"
WINDOW = {"start_time": "2026-01-01T10:00:00Z", "end_time": "2026-01-01T11:00:00Z"}


def call(
    event_id: str, inference_id: str | None = None, time: str = "2026-01-01T10:30:00Z", data: str = "1,2\n"
) -> dict[str, Any]:
    """A captured call, as the developer guide's "Capture data from real-time endpoint" has it."""
    metadata = {"eventId": event_id, "inferenceId": inference_id, "inferenceTime": time}
    sides = {
        "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": data, "encoding": "CSV"}
    }
    return {
        "captureData": sides,
        "eventMetadata": {name: value for name, value in metadata.items() if value is not None},
        "eventVersion": "0",
    }


def label(event_id: str, data: str = "1", encoding: str = "CSV") -> dict[str, Any]:
    """A label, as the developer guide's "Ingest Ground Truth labels" has it."""
    return {
        "groundTruthData": {"data": data, "encoding": encoding},
        "eventMetadata": {"eventId": event_id},
        "eventVersion": "0",
    }


Files = dict[str, list[dict[str, Any]] | str]


class Merged:
    """A merge job's folders; `message` is what it said."""

    def __init__(self, folder: Path, captured: Files, labels: Files, environment: dict[str, str]) -> None:
        self.output = folder / "output"
        for name, files in (("captured", captured), ("labels", labels)):
            (folder / name).mkdir(exist_ok=True)
            for place, content in files.items():
                path = folder / name / place
                path.parent.mkdir(parents=True, exist_ok=True)
                text = content if isinstance(content, str) else "".join(f"{json.dumps(c)}\n" for c in content)
                path.write_text(text)
        variables = {
            "dataset_source": str(folder / "captured"),
            "ground_truth_source": str(folder / "labels"),
            "output_path": str(self.output),
        }
        self.message = merge(parse_settings(variables | environment), StopSignal())

    @property
    def parts(self) -> list[Path]:
        return sorted(self.output.rglob("*.jsonl"))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for path in self.parts for line in path.read_text().splitlines()]

    @property
    def truths(self) -> dict[str, str]:
        return {line["eventMetadata"]["eventId"]: line["groundTruthData"]["data"] for line in self.lines}

    @property
    def report(self) -> dict[str, int]:
        return json.loads((self.output / REPORT_NAME).read_text())  # type: ignore[no-any-return]

    def counts(self, *names: str) -> tuple[int, ...]:
        return tuple(self.report[name] for name in names)


Merge = Callable[..., Merged]


@pytest.fixture
def merged(tmp_path: Path) -> Merge:
    def run(captured: Files, labels: Files, environment: dict[str, str] = {}) -> Merged:  # noqa: B006
        return Merged(tmp_path, captured, labels, environment)

    return run


def test_a_merged_line_is_the_captured_line_and_its_label_in_the_folder_of_its_hour(merged: Merge) -> None:
    captured = call("e1", "order-77", data="ü,2\n")

    done = merged({f"{HOUR}/a.jsonl": [captured]}, {"2026/01/01/10/l.jsonl": [label("order-77", "yes")]})

    assert done.lines == [{**captured, "groundTruthData": {"data": "yes", "encoding": "CSV"}}]
    (part,) = done.parts
    assert part.parent == done.output / HOUR
    assert part.match("part-00000-*.c000.jsonl")
    assert done.message == "Completed: merged 1 of 1 captured calls with ground truth."


def test_a_call_is_labelled_by_the_callers_id_and_by_its_own_only_where_there_is_none(merged: Merge) -> None:
    calls = [call("e1", "order-1"), call("e2")]

    done = merged(
        {f"{HOUR}/a.jsonl": calls}, {"l.jsonl": [label("e1", "wrong"), label("order-1"), label("e2", "2")]}
    )

    assert done.truths == {"e1": "1", "e2": "2"}
    assert done.counts("merged", "labels_without_capture") == (2, 1)


def test_what_has_no_partner_is_left_out_and_counted(merged: Merge) -> None:
    done = merged(
        {f"{HOUR}/a.jsonl": [call("e1"), call("e2"), call("e3")]}, {"l.jsonl": [label("e2"), label("e9")]}
    )

    assert list(done.truths) == ["e2"]
    assert done.report == {
        "version": 1,
        "captured": 3,
        "merged": 1,
        "captured_without_label": 2,
        "captured_outside_window": 0,
        "repeated_captures": 0,
        "labels": 2,
        "labels_without_capture": 1,
        "duplicate_labels": 0,
        "conflicting_labels": 0,
        "late_labels": 0,
    }
    assert done.message == (
        "Completed: merged 1 of 3 captured calls with ground truth; calls without a label: 2; "
        "labels without a call: 1."
    )


def test_the_last_upload_of_several_labels_holds_whatever_its_files_are_called(merged: Merge) -> None:
    labels: Files = {
        "2026/01/01/12/a.jsonl": [label("e1", "third")],
        "2026/01/01/11/a.jsonl": [label("e1", "first")],
        "2026/01/01/11/b.jsonl": [label("e1", "second"), label("e1", "second")],
        # Not below a folder of an hour: before all that are.
        "z.jsonl": [label("e1", "zeroth")],
    }

    done = merged({f"{HOUR}/a.jsonl": [call("e1")]}, labels)

    assert done.truths == {"e1": "third"}
    assert done.counts("labels", "merged", "duplicate_labels", "conflicting_labels") == (5, 1, 1, 3)
    assert "labels repeated: 1; labels replaced by a later, different one: 3" in done.message


def test_a_label_in_another_encoding_is_another_label(merged: Merge) -> None:
    labels = [label("e1", "1"), label("e1", "1", "JSON")]

    done = merged({f"{HOUR}/a.jsonl": [call("e1")]}, {"l.jsonl": labels})

    assert done.lines[0]["groundTruthData"] == {"data": "1", "encoding": "JSON"}
    assert done.counts("duplicate_labels", "conflicting_labels") == (0, 1)


def test_calls_that_share_an_id_share_its_label(merged: Merge) -> None:
    calls = [call("e1", "order-1"), call("e2", "order-1")]

    done = merged({f"{HOUR}/a.jsonl": calls}, {"l.jsonl": [label("order-1")]})

    assert done.truths == {"e1": "1", "e2": "1"}
    assert done.counts("merged", "repeated_captures", "labels_without_capture") == (2, 1, 0)


@pytest.mark.parametrize(
    ("environment", "late"),
    # With a window what came after it is late, without one what came after the hour of the call.
    [(WINDOW, 1), (WINDOW | {"end_time": "2026-01-01T12:00:00Z"}, 0), ({}, 1)],
)
def test_a_label_that_came_after_the_window_is_merged_and_counted(
    merged: Merge, environment: dict[str, str], late: int
) -> None:
    labels: Files = {"2026/01/01/10/l.jsonl": [label("e1")], "2026/01/01/11/l.jsonl": [label("e2")]}

    done = merged({f"{HOUR}/a.jsonl": [call("e1"), call("e2")]}, labels, environment)

    assert done.counts("merged", "late_labels") == (2, late)


def test_a_late_repetition_does_not_make_a_label_late(merged: Merge) -> None:
    labels: Files = {"2026/01/01/10/l.jsonl": [label("e1")], "2026/01/01/15/l.jsonl": [label("e1")]}

    done = merged({f"{HOUR}/a.jsonl": [call("e1")]}, labels, WINDOW)

    assert done.counts("late_labels", "duplicate_labels") == (0, 1)


def test_only_calls_of_the_window_are_merged(merged: Merge) -> None:
    times = {"before": "09:59:59", "first": "10:00:00", "last": "10:59:59", "after": "11:00:00"}
    calls = [call(name, time=f"2026-01-01T{time}Z") for name, time in times.items()]

    done = merged({f"{HOUR}/a.jsonl": calls}, {"l.jsonl": [label(name) for name in times]}, WINDOW)

    assert list(done.truths) == ["first", "last"]
    assert done.counts("captured", "captured_outside_window", "labels_without_capture") == (2, 2, 2)


def test_each_folder_is_merged_into_its_own_part_in_the_order_of_its_files(merged: Merge) -> None:
    captured: Files = {
        f"{HOUR}/b.jsonl": [call("e3")],
        f"{HOUR}/a.jsonl": [call("e1"), call("e2")],
        "ep/AllTraffic/2026/01/01/11/a.jsonl": [call("e4")],
        "ep/AllTraffic/2026/01/01/12/a.jsonl": [call("e5")],
    }

    done = merged(captured, {"l.jsonl": [label(f"e{number}") for number in (1, 2, 3, 4)]})

    assert list(done.truths) == ["e1", "e2", "e3", "e4"]
    assert [part.parent.name for part in done.parts] == ["10", "11"]


def test_a_merge_done_again_replaces_what_the_first_one_wrote(merged: Merge) -> None:
    captured: Files = {f"{HOUR}/a.jsonl": [call("e1"), call("e2")]}
    first = merged(captured, {"l.jsonl": [label("e1")]}, WINDOW).parts

    again = merged(captured, {"late.jsonl": [label("e2")]}, WINDOW)

    assert again.parts == first
    assert list(again.truths) == ["e1", "e2"]


def test_the_captured_line_is_kept_byte_for_byte(merged: Merge) -> None:
    # As another program writes it: spaces, an escape, half a surrogate pair, no order, carriage return.
    text = '{ "eventMetadata": {"eventId": "e1", "n": 1.50}, "captureData": {"x": "\\u00fc\\ud800ü"} }\r\n'

    done = merged({f"{HOUR}/a.jsonl": text}, {"l.jsonl": [label("e1", 'ja, "ü"')]})

    (part,) = done.parts
    assert part.read_text().startswith(text.rstrip()[:-1] + ',"groundTruthData":{')
    assert done.truths == {"e1": 'ja, "ü"'}


def test_a_call_that_is_merged_once_more_has_one_label(merged: Merge) -> None:
    before = {**call("e1"), "groundTruthData": {"data": "old", "encoding": "CSV"}}

    done = merged({f"{HOUR}/a.jsonl": [before]}, {"l.jsonl": [label("e1", "new")]})

    assert done.truths == {"e1": "new"}
    assert done.parts[0].read_text().count("groundTruthData") == 1


@pytest.mark.parametrize("labels", [{}, {"empty.jsonl": ""}, {"blank.jsonl": "\n\n"}])
def test_a_window_without_any_label_fails_in_words_that_name_it(
    merged: Merge, tmp_path: Path, labels: Files
) -> None:
    with pytest.raises(
        ContractError,
        match=r"^no ground truth found from 2026-01-01T10:00:00Z to 2026-01-01T11:00:00Z: there is no label",
    ):
        merged({f"{HOUR}/a.jsonl": [call("e1")]}, labels, WINDOW)
    assert not list((tmp_path / "output").iterdir())


def test_labels_of_other_calls_alone_are_no_ground_truth_either(merged: Merge, tmp_path: Path) -> None:
    with pytest.raises(
        ContractError, match=r"^no ground truth found .*: no label \(2\) is of a captured call \(1\)"
    ):
        merged({f"{HOUR}/a.jsonl": [call("e1")]}, {"l.jsonl": [label("e8"), label("e9")]}, WINDOW)
    assert not list((tmp_path / "output").iterdir())


@pytest.mark.parametrize("captured", [{}, {f"{HOUR}/a.jsonl": [call("e1", time="2026-01-02T00:00:00Z")]}])
def test_a_window_without_a_call_had_no_data_labels_or_not(merged: Merge, captured: Files) -> None:
    with pytest.raises(ContractError, match=r"^Job inputs had no data: "):
        merged(captured, {"l.jsonl": [label("e1")]}, WINDOW)


WHOLE = json.dumps(call("e1"))
BAD_CALLS = {
    "it is torn or no JSON": WHOLE[:40],
    "it is no JSON object": "[1]",
    "it has no captureData or eventMetadata.eventId": '{"captureData": {}}',
    "its inferenceTime 'noon' is no time": json.dumps(call("e2", time="noon")),
    "it has no eventMetadata.inferenceTime": '{"captureData": {}, "eventMetadata": {"eventId": "e"}}',
}


@pytest.mark.parametrize("why", BAD_CALLS)
def test_a_captured_line_that_cannot_be_read_is_named_and_nothing_is_written(
    merged: Merge, tmp_path: Path, why: str
) -> None:
    text = f"{WHOLE}\n\n{BAD_CALLS[why]}"

    with pytest.raises(ContractError) as told:
        merged({f"{HOUR}/a.jsonl": text}, {"l.jsonl": [label("e1")]}, WINDOW)

    assert str(told.value).startswith(f"line 3 of {HOUR}/a.jsonl is no captured call: {why}. It begins ")
    assert not list((tmp_path / "output").iterdir())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(label("e1"))[:30],
        '{"groundTruthData": {"data": 1}, "eventMetadata": {"eventId": "e1"}}',
        '{"groundTruthData": {"data": "1"}, "eventMetadata": {}}',
    ],
)
def test_a_label_that_cannot_be_read_is_named(merged: Merge, text: str) -> None:
    with pytest.raises(ContractError, match=r"^line 1 of 2026/01/01/10/l\.jsonl is no label: it "):
        merged({f"{HOUR}/a.jsonl": [call("e1")]}, {"2026/01/01/10/l.jsonl": text})


def test_a_merge_that_is_stopped_writes_nothing(tmp_path: Path) -> None:
    stop = StopSignal()
    stop.name = "SIGTERM"
    for name, line in (("captured", call("e1")), ("labels", label("e1"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jsonl").write_text(json.dumps(line))
    variables = {"dataset_source": "captured", "ground_truth_source": "labels", "output_path": "output"}
    settings = parse_settings({name: str(tmp_path / folder) for name, folder in variables.items()})

    with pytest.raises(ContractError, match="stopped by SIGTERM before the merge was complete"):
        merge(settings, stop)
    assert not list((tmp_path / "output").iterdir())
