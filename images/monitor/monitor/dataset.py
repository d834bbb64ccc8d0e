"""What is made ready for Spark: the files of a dataset, or records on their way out of calls."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from smcontract.failure import ContractError

from monitor.captured import Extracted, Wanted, extract
from monitor.dataset_files import data_files, estimated_cells, open_text
from monitor.dataset_format import CaptureFormat, CsvFormat, JsonLinesFormat, ParquetFormat
from monitor.environment import Analysis, OtherRecords, Settings
from monitor.extract import CsvRecords, ObjectFile, ObjectRecords
from monitor.merge import REPORT_NAME
from monitor.records import cells_of
from monitor.scripts import PREPROCESSOR, Preprocessor
from monitor.spark import SMALL_CELLS
from monitor.window import Window

Layout = CsvFormat | JsonLinesFormat | ParquetFormat | CsvRecords | ObjectRecords


@dataclass(frozen=True, slots=True)
class Dataset:
    """Files that Spark is to read, and what is known of them before.

    `cells` are counted no further than it matters. `left_out` of the window's
    `calls` are of another form; `ground_truth` are the counts of the merge,
    where its report is beside the data.
    """

    files: tuple[Path, ...]
    layout: Layout
    cells: int
    names: tuple[str, ...] | None = None
    calls: int = 0
    left_out: int = 0
    ground_truth: dict[str, int] | None = None

    @property
    def remark(self) -> str:
        """What the job's message says of calls that do not count."""
        if not self.left_out:
            return ""
        are = "is" if self.left_out == 1 else "are"
        were = "was" if self.left_out == 1 else "were"
        return f" {self.left_out:,} of {self.calls:,} calls {are} of another form and {were} left out."


@contextmanager
def prepared(settings: Settings, baseline_names: Sequence[str] | None) -> Iterator[Dataset]:
    """The dataset that the settings name, with its temporary files for as long as it is read.

    `baseline_names` name the columns where the data itself does not.
    Raises ContractError for what is not there, or cannot be read before Spark does.
    """
    files = data_files(settings.dataset_source)
    names = None if baseline_names is None else tuple(baseline_names)
    with TemporaryDirectory(prefix="monitor-") as folder:
        if isinstance(settings.dataset_format, CaptureFormat):
            yield _of_calls(settings, settings.dataset_format, files, names, Path(folder))
        elif settings.record_preprocessor is not None:
            yield _of_script(settings, settings.record_preprocessor, files, names, Path(folder))
        else:
            is_text = not isinstance(settings.dataset_format, ParquetFormat)
            cells = estimated_cells(files, SMALL_CELLS, is_text)
            yield Dataset(tuple(files), settings.dataset_format, cells, names)


def _of_calls(
    settings: Settings,
    captured: CaptureFormat,
    files: Sequence[Path],
    names: tuple[str, ...] | None,
    folder: Path,
) -> Dataset:
    has_labels = settings.analysis is not Analysis.DATA_QUALITY
    script = settings.record_preprocessor
    wanted = Wanted(
        format=captured,
        window=Window(settings.start_time, settings.end_time),
        names=names,
        # Data quality looks at what the model sees; what came true is no column of that.
        with_truth=captured.is_merged and has_labels,
        nested=has_labels,
        leave_out=settings.other_records is OtherRecords.LEAVE_OUT,
        preprocessor=None if script is None else Preprocessor(script),
    )
    found: Extracted = extract(files, settings.dataset_source, wanted, folder)
    return Dataset(
        files=(found.path,),
        layout=found.layout,
        cells=estimated_cells((found.path,), SMALL_CELLS, is_text=True),
        names=names,
        calls=found.calls,
        left_out=found.left_out,
        ground_truth=_merge_report(settings.dataset_source),
    )


def _merge_report(source: Path) -> dict[str, int] | None:
    path = source / REPORT_NAME
    if not path.is_file():
        return None
    counts: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    del counts["version"]
    return counts


def _of_script(
    settings: Settings,
    script: Path,
    files: Sequence[Path],
    names: tuple[str, ...] | None,
    folder: Path,
) -> Dataset:
    """What a script makes of the lines of CSV files, which it is given as they stand there."""
    if not isinstance(settings.dataset_format, CsvFormat):
        raise ContractError(
            f"{PREPROCESSOR} works on captured calls, merged ones, and lines of CSV; leave it out for "
            "other data."
        )
    preprocessor = Preprocessor(script)
    count = 0
    with ObjectFile(folder / "records.jsonl") as objects:
        for path in files:
            for number, line in _lines(path):
                if number == 1 and settings.dataset_format.header:
                    names = tuple(cells_of(line))
                    continue
                count += 1
                for record in preprocessor.records(line, f"line {number} of {path.name}"):
                    objects.write(record, ())
    if not objects.count:
        raise ContractError(f"Job inputs had no data: {PREPROCESSOR} dropped every row ({count:,}).")
    layout = objects.layout(names, is_sorted=True)
    cells = estimated_cells((objects.path,), SMALL_CELLS, is_text=True)
    return Dataset((objects.path,), layout, cells, names)


def _lines(path: Path) -> Iterable[tuple[int, str]]:
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if line := line.rstrip("\r\n"):
                yield number, line
