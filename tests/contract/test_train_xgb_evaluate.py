"""The train_xgb image's evaluation keeps SageMaker's processing contract."""

import csv
import io
import json
import re
import struct
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.containers import run_job, run_python
from tests.support.train_xgb_data import (
    TEST_CLIENTS,
    labelled_csv,
    write_evaluation_root,
    write_training_root,
)

TEST_CSV = labelled_csv(TEST_CLIENTS)
PREDICT = """
import numpy, xgboost
lines = open("/opt/ml/processing/test/test.csv")
rows = [[float(cell) if cell else numpy.nan for cell in line.split(",")] for line in lines]
booster = xgboost.Booster(model_file="/opt/ml/processing/model/model.ubj")
print(booster.inplace_predict(numpy.array(rows, dtype=numpy.float32)[:, 1:]).astype("<f4").tobytes().hex())
"""


@pytest.fixture(scope="module")
def model(train_xgb_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", {"num_round": "60", "eta": "0.2"})
    assert run_job(train_xgb_image, ["train"], root).exit_code == 0
    return root / "model"


@pytest.fixture(scope="module")
def evaluated(train_xgb_image: str, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an evaluation that is done."""
    root = write_evaluation_root(tmp_path_factory.mktemp("evaluated") / "ml", model, TEST_CSV)
    outcome = run_job(train_xgb_image, ["evaluate"], root)
    assert outcome.exit_code == 0, outcome.stderr
    return root


def evaluation_of(root: Path) -> Any:
    return json.loads((root / "processing/evaluation/evaluation.json").read_text(encoding="utf-8"))


def area_under_roc(labels: list[int], scores: list[float]) -> float:
    """The share of pairs that are in order, ties half: the definition of AUC."""
    positive = [score for score, label in zip(scores, labels, strict=True) if label]
    negative = [score for score, label in zip(scores, labels, strict=True) if not label]
    won = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return won / (len(positive) * len(negative))


def test_metrics_are_those_of_the_models_answers(train_xgb_image: str, evaluated: Path) -> None:
    answers = bytes.fromhex(run_python(train_xgb_image, PREDICT, evaluated).strip())
    scores = list(struct.unpack(f"<{len(TEST_CLIENTS)}f", answers))
    labels = [client.label for client in TEST_CLIENTS]
    predicted = [int(score >= 0.5) for score in scores]

    metrics = evaluation_of(evaluated)["binary_classification_metrics"]

    right = sum(p == label for p, label in zip(predicted, labels, strict=True))
    assert metrics["accuracy"]["value"] == pytest.approx(right / len(labels))
    assert metrics["auc"]["value"] == pytest.approx(area_under_roc(labels, scores))
    pairs = list(zip(labels, predicted, strict=True))
    assert metrics["confusion_matrix"] == {
        "no": {"no": pairs.count((0, 0)), "yes": pairs.count((0, 1))},
        "yes": {"no": pairs.count((1, 0)), "yes": pairs.count((1, 1))},
    }
    # Real signal was put in; a model that found none would be near one half.
    assert metrics["auc"]["value"] > 0.85
    with (evaluated / "processing/evaluation/predictions.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    words = ("no", "yes")
    assert header == ["ground_truth", "predicted_label", "probability"]
    assert [(truth, answer) for truth, answer, _ in rows] == [(words[a], words[b]) for a, b in pairs]
    assert [struct.unpack("<f", struct.pack("<f", float(row[2])))[0] for row in rows] == scores


def test_the_layout_is_model_monitors(evaluated: Path) -> None:
    document = evaluation_of(evaluated)

    assert document["version"] == 0.0
    assert document["dataset"]["item_count"] == len(TEST_CLIENTS)
    datetime.strptime(document["dataset"]["evaluation_time"], "%Y-%m-%dT%H:%M:%S%z")
    metrics = document["binary_classification_metrics"]
    # developer guide, "Model Quality Metrics and Amazon CloudWatch Monitoring"
    valued = {
        "recall", "precision", "accuracy", "true_positive_rate", "true_negative_rate",
        "false_positive_rate", "false_negative_rate", "auc", "f0_5", "f1", "f2",
    }  # fmt: skip
    constant = ("recall", "precision", "accuracy", "f0_5", "f1", "f2")
    valued |= {f"{name}_best_constant_classifier" for name in constant}
    curves = {"receiver_operating_characteristic_curve", "precision_recall_curve"}
    assert set(metrics) == valued | curves | {"confusion_matrix"}
    for name in valued:
        assert set(metrics[name]) == {"value", "standard_deviation"}
        assert isinstance(metrics[name]["standard_deviation"], float)
    roc = metrics["receiver_operating_characteristic_curve"]
    assert len(roc["false_positive_rates"]) == len(roc["true_positive_rates"]) <= 300
    assert set(metrics["precision_recall_curve"]) == {"precisions", "recalls"}


def test_the_report_needs_nothing_beside_it(evaluated: Path) -> None:
    page = (evaluated / "processing/evaluation/report.html").read_text(encoding="utf-8")

    assert len(re.findall(r'src="data:image/png;base64,iVBOR', page)) == 5
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert f"{len(TEST_CLIENTS)} test rows" in page


def test_a_packed_model_a_small_set_and_other_paths_are_fine(
    train_xgb_image: str, model: Path, tmp_path: Path
) -> None:
    root = write_evaluation_root(tmp_path / "ml", model, labelled_csv(TEST_CLIENTS[:199]))
    packed = root / "processing/packed"
    packed.mkdir()
    with tarfile.open(packed / "model.tar.gz", "w:gz") as archive:
        archive.add(model, arcname=".")
    command = ["evaluate", "--model", "/opt/ml/processing/packed", "--output", "/opt/ml/processing/elsewhere"]

    outcome = run_job(train_xgb_image, command, root, read_only=True, tmpfs={"/tmp": ""})

    assert outcome.exit_code == 0, outcome.stderr
    document = json.loads((root / "processing/elsewhere/evaluation.json").read_text())
    assert document["binary_classification_metrics"]["auc"]["standard_deviation"] == "NaN"
    assert re.search(r"^test:accuracy=[0-9.]+;$", outcome.stdout, re.MULTILINE)


def test_a_user_without_home_may_evaluate(train_xgb_image: str, model: Path, tmp_path: Path) -> None:
    root = write_evaluation_root(tmp_path / "ml", model, TEST_CSV)
    for path in (root, *root.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)

    outcome = run_job(train_xgb_image, ["evaluate"], root, user="12345:12345")

    assert outcome.exit_code == 0, outcome.stderr


def remove_model(root: Path) -> None:
    for file in (root / "processing/model").iterdir():
        file.unlink()


def age_model(root: Path) -> None:
    path = root / "processing/model/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"xgboost_version": "3.0.5"}))


def cut_archive(root: Path) -> None:
    remove_model(root)
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        facts = tarfile.TarInfo("model.ubj")
        facts.size = 100_000
        archive.addfile(facts, io.BytesIO(bytes(range(256)) * 400))
    (root / "processing/model/model.tar.gz").write_bytes(whole.getvalue()[:300])


def write_test(text: str) -> Any:
    return lambda root: (root / "processing/test/test.csv").write_text(text)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (remove_model, "manifest.json is missing"),
        (age_model, "saved by XGBoost 3.0.5"),
        (cut_archive, "model.tar.gz cannot be unpacked"),
        (write_test(""), "test.csv is empty"),
        (write_test("0,0,0,1,0,0,0,0\n" * 9), "all 9 rows have the label 0"),
        (write_test("0,0,0,1,0,0,0\n" * 9), "line 1: 7 columns, expected 8"),
        (lambda root: (root / "processing/test/test.csv").unlink(), "/opt/ml/processing/test holds no file"),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_the_exit_message(
    train_xgb_image: str, model: Path, tmp_path: Path, damage: Any, reason: str
) -> None:
    root = write_evaluation_root(tmp_path / "ml", model, TEST_CSV)
    damage(root)

    outcome = run_job(train_xgb_image, ["evaluate"], root)

    assert outcome.exit_code == 1
    assert reason in (root / "output/message").read_text(encoding="utf-8")
    assert "Traceback" not in outcome.stderr
    assert not (root / "processing/evaluation/evaluation.json").exists()
