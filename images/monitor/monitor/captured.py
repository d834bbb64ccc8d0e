"""From what an endpoint captured to records: one line a call, several records in it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

from monitor.calls import WHAT, is_inside
from monitor.dataset_format import CaptureFormat
from monitor.extract import GROUND_TRUTH, CsvFile, CsvRecords, ObjectFile, ObjectRecords
from monitor.json_lines import Line, json_lines, unreadable
from monitor.records import (
    Flat,
    by_path,
    csv_lines,
    flat,
    header_of,
    json_records,
    truths,
)
from monitor.scripts import InferenceRecord, Preprocessor
from monitor.window import Window

_CSV, _JSON = "CSV", "JSON"
_HEADER = "rows under a header"
_EMPTY = "without a record"
_WAYS_OUT = (
    "Set other_records=leave_out to leave such calls out, or name the endpoint's types in "
    "DataCaptureConfig.CaptureContentTypeHeader."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of calls are wanted, and in which form.

    `names` are the baseline's columns; `with_truth` asks for merged calls'
    labels, and `nested` for the values inside of JSON objects and lists, too.
    """

    format: CaptureFormat
    window: Window
    names: Sequence[str] | None = None
    with_truth: bool = False
    nested: bool = False
    leave_out: bool = False
    preprocessor: Preprocessor | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """The records of the window's calls, in one file; `left_out` of its `calls` are of another form."""

    path: Path
    layout: CsvRecords | ObjectRecords
    records: int
    calls: int
    left_out: int


def extract(files: Iterable[Path], source: Path, wanted: Wanted, folder: Path) -> Extracted:
    """Write the records of the calls in `files` below `source` into `folder`.

    Raises ContractError for lines that are torn, calls without the side that is
    asked for, calls of another form unless they are left out, and no call at all.
    """
    lines = (
        line for path in files for line in json_lines(path, source, WHAT) if is_inside(line, wanted.window)
    )
    with ExitStack() as open_files:
        rows = open_files.enter_context(CsvFile(folder / "records.csv"))
        objects = open_files.enter_context(ObjectFile(folder / "records.jsonl"))
        if wanted.preprocessor is not None:
            calls = _preprocess(lines, wanted, wanted.preprocessor, objects)
            layout = objects.layout(wanted.names, is_sorted=True)
            return Extracted(objects.path, layout, objects.count, calls, 0)
        forms = _Extraction(wanted, rows, objects)
        for line in lines:
            forms.take(line)
        return forms.result()


def _preprocess(
    lines: Iterator[Line], wanted: Wanted, preprocessor: Preprocessor, objects: ObjectFile
) -> int:
    calls = 0
    for line in lines:
        calls += 1
        _sides(line, ())
        records = preprocessor.records(InferenceRecord(line.document), line.place)
        for record, truth in zip(records, _truths(line, wanted, len(records)), strict=True):
            objects.write(record, truth)
    if not calls:
        raise _no_call(wanted.window)
    if not objects.count:
        raise ContractError(
            f"Job inputs had no data: record_preprocessor_script dropped every call ({calls:,})."
        )
    return calls


class _Extraction:
    """Calls sorted by their form, which the first CSV call makes CSV for all of them."""

    def __init__(self, wanted: Wanted, rows: CsvFile, objects: ObjectFile) -> None:
        self._wanted = wanted
        self._rows = rows
        self._objects = objects
        self._forms: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._bad_json: ContractError | None = None

    def take(self, line: Line) -> None:
        sides = _sides(line, self._wanted.format.indexes)
        form, records = _csv_form(sides, self._wanted.names)
        if form == _CSV:
            self._write_csv(line, records)
        elif form == _JSON and not self._forms[_CSV] and self._bad_json is None:
            try:
                self._write_json(line, sides)
            except ContractError as error:
                # It counts only where the window's form is JSON.
                self._bad_json = error
        self._forms[form] += 1
        self._first.setdefault(form, line.place)

    def _write_csv(self, line: Line, sides: list[list[str]]) -> None:
        records = [",".join(cells) for cells in _side_by_side(sides, line, self._wanted)]
        for record, truth in zip(records, _truths(line, self._wanted, len(records)), strict=True):
            self._rows.write(record, truth)

    def _write_json(self, line: Line, sides: list[dict[str, Any]]) -> None:
        parsed = [_parsed(side["data"], line) for side in sides]
        records = [self._joined(parts, line.place) for parts in _side_by_side(parsed, line, self._wanted)]
        for record, truth in zip(records, _truths(line, self._wanted, len(records)), strict=True):
            self._objects.write(record, truth)

    def _joined(self, parts: Sequence[Any], place: str) -> Flat:
        record: Flat = {}
        for part in parts:
            values = by_path(part) if self._wanted.nested else flat(part, place)
            if repeated := record.keys() & values:
                raise ContractError(
                    f"{place}: both sides of the call have '{min(repeated)}'; name one side in "
                    "captureIndexNames."
                )
            record |= values
        return record

    def result(self) -> Extracted:
        """What was extracted. Raises ContractError where that is nothing, or not all and all is wanted."""
        calls = self._forms.total()
        if not calls:
            raise _no_call(self._wanted.window)
        form = _CSV if self._forms[_CSV] else _JSON
        left_out = calls - self._forms[form]
        if left_out and not self._wanted.leave_out:
            raise ContractError(self._why_not(form))
        if left_out == calls:
            raise ContractError(
                f"Job inputs had no data: every call is of another form and was left out: {self._counted()}."
            )
        if form == _CSV:
            last = (GROUND_TRUTH,) if self._wanted.with_truth else ()
            return Extracted(self._rows.path, CsvRecords(last), self._rows.count, calls, left_out)
        if self._bad_json is not None:
            raise self._bad_json
        layout = self._objects.layout(None, is_sorted=False)
        return Extracted(self._objects.path, layout, self._objects.count, calls, left_out)

    def _counted(self) -> str:
        return ", ".join(f"{form} ({count:,})" for form, count in self._forms.most_common())

    def _why_not(self, form: str) -> str:
        if not self._forms[form]:
            return f"the content of captured calls cannot be read: {self._counted()}. {_WAYS_OUT}"
        other, place = next((other, place) for other, place in self._first.items() if other != form)
        return (
            f"the content of captured calls is mixed: {self._counted()}; the first that is not {form} is "
            f"{place} ({other}). {_WAYS_OUT}"
        )


def _no_call(window: Window) -> ContractError:
    return ContractError(f"Job inputs had no data: no call was captured {window}.")


def _sides(line: Line, indexes: Sequence[str]) -> list[dict[str, Any]]:
    call = line.document.get("captureData")
    if not isinstance(call, dict):
        raise unreadable(line.place, WHAT, line.text, "it has no captureData")
    for index in indexes:
        if not isinstance(call.get(index), dict) or not isinstance(call[index].get("data"), str):
            raise ContractError(
                f"{line.place} was captured without {index}; capture both sides "
                "(DataCaptureConfig.CaptureOptions), or name the other one in captureIndexNames."
            )
    return [call[index] for index in indexes]


def _csv_form(sides: Sequence[dict[str, Any]], names: Sequence[str] | None) -> tuple[str, list[list[str]]]:
    """The form of a call, and the records of each side where it is CSV."""
    encodings = sorted({str(side.get("encoding")) for side in sides})
    if any(not side["data"].strip() for side in sides):
        return _EMPTY, []
    if encodings != [_CSV]:
        return " beside ".join(encodings), []
    records = []
    for number, side in enumerate(sides):
        lines = csv_lines(side["data"])
        header = header_of(lines)
        if header is not None:
            if not _is_baselines(header, names or (), number, len(sides)):
                return _HEADER, []
            del lines[0]
        records.append(lines)
    return _CSV, records


def _is_baselines(header: Sequence[str], names: Sequence[str], side: int, sides: int) -> bool:
    """Whether a header has the baseline's names, of those of both sides the first or the last ones."""
    if sides == 1:
        return list(header) == list(names)
    return list(header) == list(names[: len(header)] if side == 0 else names[-len(header) :])


def _side_by_side(sides: Sequence[list[Any]], line: Line, wanted: Wanted) -> list[tuple[Any, ...]]:
    """The records of both sides, each beside the other's."""
    if len({len(records) for records in sides}) > 1:
        told = " and ".join(
            f"{index} ({len(records)})" for records, index in zip(sides, wanted.format.indexes, strict=True)
        )
        raise ContractError(
            f"{line.place} has not as many records in {told}; name one side in captureIndexNames."
        )
    return list(zip(*sides, strict=True))


def _parsed(data: str, line: Line) -> list[Any]:
    try:
        return json_records(data)
    except ValueError:
        raise ContractError(
            f"{line.place}: the body {data[:100]!r} is no JSON, though the endpoint said so."
        ) from None


def _truths(line: Line, wanted: Wanted, count: int) -> list[tuple[str | None, ...]]:
    """The label of each record, where that is wanted."""
    if not wanted.format.is_merged:
        return [()] * count
    label = line.document.get("groundTruthData")
    if not isinstance(label, dict) or not isinstance(label.get("data"), str):
        raise unreadable(line.place, "merged call", line.text, "it has no groundTruthData")
    if not wanted.with_truth or not count:
        return [()] * count
    return [(each,) for each in truths(label["data"], str(label.get("encoding", _CSV)), count, line.place)]
