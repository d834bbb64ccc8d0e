"""The merge job: captured calls with what became of them, in one pass and without Spark."""

import json
import logging
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

from monitor.calls import WHAT, is_inside, moment_of
from monitor.dataset_files import data_files
from monitor.environment import Settings
from monitor.files import write_documents
from monitor.json_lines import Line, json_lines, unreadable
from monitor.labels import Label, Labels
from monitor.window import Window

log = logging.getLogger(__name__)

# Readers of a dataset pass over names that begin so.
REPORT_NAME = "_merge_report.json"
_STAGED = ".merging"
_TRUTH = "groundTruthData"


@dataclass(slots=True)
class MergeReport:
    """What the merge found.

    `labels` = those merged + `labels_without_capture` + `duplicate_labels` +
    `conflicting_labels` (labels that a later one of the same id replaced);
    `captured` = `merged` + `captured_without_label`. `repeated_captures` are
    merged calls that share their label with another one. `late_labels` are
    merged ones uploaded after the window, or after the hour of their call where
    no window is given.
    """

    captured: int = 0
    merged: int = 0
    captured_without_label: int = 0
    captured_outside_window: int = 0
    repeated_captures: int = 0
    labels: int = 0
    labels_without_capture: int = 0
    duplicate_labels: int = 0
    conflicting_labels: int = 0
    late_labels: int = 0


def merge(settings: Settings, stop: StopSignal) -> str:
    """Write every captured call that has a label, with it, and the report; returns the job's message.

    Raises ContractError for a line that cannot be read, a window without a
    call, and one without a label; then nothing is written.
    """
    source, truth = settings.dataset_source, settings.ground_truth_source
    if truth is None:
        raise ContractError("a merge needs ground_truth_source, the folder with the labels; it is not set.")
    files = data_files(source)
    with closing(Labels()) as labels:
        labels.read(truth, _label_files(truth))
        log.info("merge.labels_read labels=%d", labels.count)
        with _staged(settings.output_path) as staged:
            report = MergeReport()
            for folder, paths in _by_folder(files, source):
                with _opened(staged / folder / _part_name(folder, settings)) as out:
                    for path in paths:
                        if stop.requested:
                            raise ContractError(
                                f"stopped by {stop.name} before the merge was complete; start it again."
                            )
                        out.writelines(_merged_lines(path, labels, settings, report))
            _count_labels(report, labels)
            _refuse_nothing(report, settings)
            _publish(staged, settings.output_path)
    write_documents(settings.output_path, {REPORT_NAME: {"version": 1, **asdict(report)}})
    return _message(report)


def _label_files(source: Path) -> list[Path]:
    try:
        return data_files(source)
    except ContractError:
        # No label is told with the window that it is missing for, once that is known to have calls.
        return []


@contextmanager
def _staged(output: Path) -> Iterator[Path]:
    """A folder in `output` for files that are not complete yet."""
    folder = output / _STAGED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _by_folder(files: Sequence[Path], source: Path) -> Iterator[tuple[Path, list[Path]]]:
    """The captured files of each hour's folder, and the folder's place below the source."""
    folders: dict[Path, list[Path]] = {}
    for path in files:
        place = path.parent.relative_to(source) if path != source else Path()
        folders.setdefault(place, []).append(path)
    yield from folders.items()


def _part_name(folder: Path, settings: Settings) -> str:
    """Spark's name for a part, the same whenever this folder is merged for this window.

    A merge that is done again, for labels that came later, replaces what the first one wrote.
    """
    what = f"{folder.as_posix()} {settings.start_time} {settings.end_time}"
    return f"part-00000-{uuid.uuid5(uuid.NAMESPACE_URL, what)}.c000.jsonl"


@contextmanager
def _opened(target: Path) -> Iterator[BinaryIO]:
    """A part to write; it is there at the end if it holds anything."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        yield out
    if not target.stat().st_size:
        target.unlink()


def _merged_lines(path: Path, labels: Labels, settings: Settings, report: MergeReport) -> Iterator[bytes]:
    """The lines of a captured file that have a label, with it."""
    window = Window(settings.start_time, settings.end_time)
    for line in json_lines(path, settings.dataset_source, WHAT):
        if merged := _merged(line, labels, window, report):
            yield merged


def _merged(line: Line, labels: Labels, window: Window, report: MergeReport) -> bytes | None:
    """The line with its label, and its end; None where it has none or is of another window."""
    label_id = _label_id(line)
    if not is_inside(line, window):
        report.captured_outside_window += 1
        return None
    report.captured += 1
    label = labels.take(label_id)
    if label is None:
        report.captured_without_label += 1
        return None
    report.merged += 1
    report.late_labels += _is_late(label, line, window)
    return _with_truth(line, label)


def _with_truth(line: Line, label: Label) -> bytes:
    """The line as it was captured, byte for byte, and its label as one more member."""
    truth = json.dumps({"data": label.data, "encoding": label.encoding}, separators=(",", ":"))
    if _TRUTH in line.document:
        # Merged before: of two members with one name readers take whichever they like.
        others = {name: value for name, value in line.document.items() if name != _TRUTH}
        captured = json.dumps(others, separators=(",", ":")).encode()
    else:
        captured = line.text.rstrip()
    return b'%b,"%b":%b}\n' % (captured[:-1], _TRUTH.encode(), truth.encode())


def _label_id(line: Line) -> str:
    """The id by which a call is labelled."""
    match line.document:
        case {"captureData": dict(), "eventMetadata": {"eventId": str(event_id), **rest}}:
            inference_id = rest.get("inferenceId")
            # Model Monitor takes the caller's id where there is one, and its own where not.
            return inference_id if isinstance(inference_id, str) else event_id
    raise unreadable(line.place, WHAT, line.text, "it has no captureData or eventMetadata.eventId")


def _is_late(label: Label, line: Line, window: Window) -> bool:
    if label.hour is None:
        return False
    if window.end is not None:
        return label.hour >= window.end
    moment = moment_of(line)
    return moment is not None and label.hour > moment


def _count_labels(report: MergeReport, labels: Labels) -> None:
    report.repeated_captures = report.merged - labels.taken
    report.labels = labels.count
    report.labels_without_capture = labels.left
    report.duplicate_labels = labels.duplicates
    report.conflicting_labels = labels.conflicts


def _refuse_nothing(report: MergeReport, settings: Settings) -> None:
    window = Window(settings.start_time, settings.end_time)
    if not report.captured:
        raise ContractError(f"Job inputs had no data: no call was captured {window}.")
    if not report.labels:
        raise ContractError(
            f"no ground truth found {window}: there is no label in ground_truth_source "
            f"{settings.ground_truth_source} (captured calls: {report.captured:,}). Upload labels below the "
            "ground-truth prefix, in the folder of the hour in which they are known, and run the merge again."
        )
    if not report.merged:
        raise ContractError(
            f"no ground truth found {window}: no label ({report.labels:,}) is of a captured call "
            f"({report.captured:,}). A label's eventId must be the call's inferenceId, or its "
            "eventId where the caller gave none."
        )


def _publish(staged: Path, output: Path) -> None:
    for path in sorted(staged.rglob("*.jsonl")):
        target = output / path.relative_to(staged)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def _message(report: MergeReport) -> str:
    told = [
        (report.captured_without_label, "calls without a label"),
        (report.labels_without_capture, "labels without a call"),
        (report.duplicate_labels, "labels repeated"),
        (report.conflicting_labels, "labels replaced by a later, different one"),
        (report.late_labels, "labels uploaded after the window"),
    ]
    others = "".join(f"; {what}: {count:,}" for count, what in told if count)
    merged = f"merged {report.merged:,} of {report.captured:,} captured calls with ground truth"
    return f"Completed: {merged}{others}."
