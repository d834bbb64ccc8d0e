"""The evaluation job: a model and series in; evaluation.json, report.html and predictions.csv out."""

import argparse
import csv
import json
import logging
import math
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

from train_deepar.artefact import ARTEFACT_FILES
from train_deepar.backtest import Window, backtest
from train_deepar.evaluation import Evaluation
from train_deepar.forecaster import Forecaster
from train_deepar.metrics import LEVELS, MEAN_LOSS, SEASON, measures
from train_deepar.report import render_report
from train_deepar.series import read_series
from train_deepar.values import day_text

log = logging.getLogger(__name__)

ARCHIVE = "model.tar.gz"
RELATIVE_LOSS = f"relative_{MEAN_LOSS}"
# Named for the reader of the log; the same numbers are in evaluation.json.
PRINTED_METRICS = (MEAN_LOSS, RELATIVE_LOSS, "mase", "mape", "smape", "coverage_80", "coverage_95")
MOST_WINDOWS = 24
MOST_SAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """Where an evaluation reads and writes, and how it measures."""

    model: Path
    test: Path
    evaluation: Path
    windows: int = 1
    num_samples: int = 200
    seed: int = 0


def read_order(arguments: list[str], root: ContainerRoot) -> Order:
    """What the job's arguments ask for; SageMaker's mounts where they are silent."""
    parser = argparse.ArgumentParser(prog="train_deepar evaluate", allow_abbrev=False)
    parser.add_argument("--model", type=Path, default=root.processing / "model")
    parser.add_argument("--test", type=Path, default=root.processing / "test")
    parser.add_argument("--output", type=Path, default=root.processing / "evaluation")
    parser.add_argument("--windows", type=_whole(1, MOST_WINDOWS), default=1)
    parser.add_argument("--num-samples", type=_whole(1, MOST_SAMPLES), default=200)
    parser.add_argument("--seed", type=_whole(0, 2**31 - 1), default=0)
    parsed = parser.parse_args(arguments)
    return Order(parsed.model, parsed.test, parsed.output, parsed.windows, parsed.num_samples, parsed.seed)


def evaluate(order: Order, now: datetime | None = None) -> None:
    """Measure the model on the test series and write the three files.

    Raises ContractError for a model that cannot be used and for series that
    nothing can be measured on.
    """
    # Sums that are shared out among threads round by their number.
    torch.set_num_threads(1)
    with _unpacked(order.model) as folder:
        forecaster = Forecaster.load(folder)
    tested, digest = read_series(order.test, forecaster.panel)
    log.info("test.read series=%d sha256=%s", len(tested), digest)
    windows = backtest(forecaster, tested, order.windows, order.num_samples, order.seed)
    evaluated_at = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    evaluation = Evaluation(forecaster, windows, digest, order.num_samples, order.seed, evaluated_at)
    values = _with_relative(evaluation.model, evaluation.reference)
    if math.isnan(values[MEAN_LOSS]):
        raise ContractError(
            f"{order.test}: every known value of {day_text(windows[-1].first)} to "
            f"{day_text(windows[0].last)} is 0, or none is known; nothing can be measured on them."
        )
    order.evaluation.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_document(evaluation, values), indent=1, ensure_ascii=False, allow_nan=False)
    (order.evaluation / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    _write_predictions(order.evaluation / "predictions.csv", windows)
    (order.evaluation / "report.html").write_text(render_report(evaluation), encoding="utf-8")
    for name in PRINTED_METRICS:
        print(f"test:{name}={values[name]:.6f};", flush=True)


def _document(evaluation: Evaluation, values: Mapping[str, float]) -> dict[str, object]:
    windows = evaluation.windows
    by_window = [_with_relative(measures(each.model), measures(each.reference)) for each in windows]
    return {
        "version": 0.0,
        "dataset": {
            "item_count": sum(int((~np.isnan(each.model.actual)).sum()) for each in windows),
            "series": len(evaluation.by_series),
            "evaluation_time": evaluation.evaluated_at,
        },
        "forecast_metrics": {
            name: {
                "value": _json_number(value),
                "standard_deviation": _json_number(_deviation([each[name] for each in by_window])),
            }
            for name, value in values.items()
        },
        "seasonal_naive": {name: _json_number(value) for name, value in evaluation.reference.items()},
        "windows": [
            {
                "start": day_text(window.first),
                "end": day_text(window.last),
                "in_training": window.in_training,
                "series": len(window.series),
                "series_left_out": window.left_out,
                **{name: _json_number(value) for name, value in found.items()},
            }
            for window, found in zip(windows, by_window, strict=True)
        ],
        "series": {
            item_id: {
                name: _json_number(value)
                for name, value in _with_relative(each.model, each.reference).items()
            }
            for item_id, each in evaluation.by_series.items()
        },
        "quantiles": [f"{level:g}" for level in LEVELS],
        "season_days": SEASON,
        "num_samples": evaluation.num_samples,
        "seed": evaluation.seed,
    }


def _with_relative(model: Mapping[str, float], reference: Mapping[str, float]) -> dict[str, float]:
    """The model's measures, and its loss as a share of the reference's."""
    loss, other = model[MEAN_LOSS], reference[MEAN_LOSS]
    return {MEAN_LOSS: loss, RELATIVE_LOSS: loss / other if other else math.nan, **model}


def _deviation(values: Sequence[float]) -> float:
    """Between windows; NaN for a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _json_number(value: float) -> float | str:
    """JSON has no NaN; Model Monitor writes the word."""
    return value if math.isfinite(value) else "NaN"


def _write_predictions(file: Path, windows: Sequence[Window]) -> None:
    """A line for each series and day of the windows, oldest day first; actual is empty where missing."""
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(("item_id", "date", "mean", *(f"q{level:g}" for level in LEVELS), "actual"))
        for window in reversed(windows):
            forecasts = window.model
            for row, series in enumerate(window.series):
                columns = [forecasts.mean[row], *(forecasts.quantiles[level][row] for level in LEVELS)]
                for day, (actual, *numbers) in enumerate(
                    zip(forecasts.actual[row].tolist(), *(each.tolist() for each in columns), strict=True)
                ):
                    came = "" if math.isnan(actual) else f"{actual:.15g}"
                    writer.writerow((series.item_id, day_text(window.first + day), *numbers, came))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return whole


@contextmanager
def _unpacked(folder: Path) -> Iterator[Path]:
    """The folder that holds the artefact's files, unpacked for as long as needed."""
    archive = folder if folder.is_file() else folder / ARCHIVE
    if not archive.is_file():
        yield folder
        return
    with tempfile.TemporaryDirectory() as name:
        target = Path(name)
        try:
            with tarfile.open(archive) as tar:
                for member in tar:
                    plain = member.name.removeprefix("./")
                    # Only what is known is taken, so a path cannot lead elsewhere.
                    if member.isfile() and plain in ARTEFACT_FILES:
                        source = tar.extractfile(member)
                        assert source is not None
                        (target / plain).write_bytes(source.read())
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ContractError(
                f"{archive} cannot be unpacked ({error}); give the model.tar.gz of a training job."
            ) from error
        yield target
