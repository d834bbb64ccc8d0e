"""The evaluation job: a model and a test set in; evaluation.json, report.html and predictions.csv out."""

import argparse
import csv
import json
import logging
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

from train_xgb.artefact import ARTEFACT_FILES, Model, load_artefact
from train_xgb.data import read_dataset
from train_xgb.metrics import Quality, binary_classification_metrics, model_metrics
from train_xgb.report import render_report

log = logging.getLogger(__name__)

ARCHIVE = "model.tar.gz"
# The columns of predictions.csv: what was true, and what serving answers.
PREDICTION_COLUMNS = ("ground_truth", "predicted_label", "probability")
# Named for the reader of the log; the same numbers are in evaluation.json.
PRINTED_METRICS = ("accuracy", "auc", "precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class Paths:
    """Where an evaluation reads and writes."""

    model: Path
    test: Path
    evaluation: Path


def read_paths(arguments: list[str], root: ContainerRoot) -> Paths:
    """The paths that the job's arguments name; SageMaker's mounts where they are silent."""
    parser = argparse.ArgumentParser(prog="train_xgb evaluate", allow_abbrev=False)
    parser.add_argument("--model", type=Path, default=root.processing / "model")
    parser.add_argument("--test", type=Path, default=root.processing / "test")
    parser.add_argument("--output", type=Path, default=root.processing / "evaluation")
    parsed = parser.parse_args(arguments)
    return Paths(parsed.model, parsed.test, parsed.output)


def evaluate(paths: Paths, now: datetime | None = None) -> None:
    """Measure the model on the test set and write the three files.

    Raises ContractError for a model that cannot be used and for a test set
    that is not one.
    """
    with _unpacked(paths.model) as folder:
        model = load_artefact(folder, nthread=2)
    dataset = read_dataset(paths.test, model.encoder)
    log.info("test.read rows=%d sha256=%s", len(dataset.labels), dataset.sha256)
    quality = Quality(
        labels=dataset.labels.astype(np.int8),
        probabilities=model.probabilities(dataset.encoded),
        threshold=model.decision_threshold,
    )
    evaluated_at = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    block = binary_classification_metrics(quality, model.encoder.negative, model.encoder.positive)
    statistics = {
        "version": 0.0,
        "dataset": {"item_count": len(dataset.labels), "evaluation_time": evaluated_at},
        "binary_classification_metrics": block,
    }
    paths.evaluation.mkdir(parents=True, exist_ok=True)
    text = json.dumps(statistics, indent=1, ensure_ascii=False, allow_nan=False)
    (paths.evaluation / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    _write_predictions(paths.evaluation / "predictions.csv", quality, model)
    report = render_report(model, dataset, quality, block, evaluated_at)
    (paths.evaluation / "report.html").write_text(report, encoding="utf-8")
    values = model_metrics(quality)
    for name in PRINTED_METRICS:
        print(f"test:{name}={values[name]:.6f};", flush=True)


def _write_predictions(file: Path, quality: Quality, model: Model) -> None:
    """One line a test row, in the test set's order: what a monitor of answers compares with."""
    words = (model.encoder.negative, model.encoder.positive)
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(PREDICTION_COLUMNS)
        for label, predicted, probability in zip(
            quality.labels, quality.predicted, quality.probabilities, strict=True
        ):
            writer.writerow((words[label], words[predicted], probability))


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
