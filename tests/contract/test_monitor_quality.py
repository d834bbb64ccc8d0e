"""Model quality and forecast accuracy are scikit-learn's and NumPy's, to nine digits.

Two containers: one computes every case in one JVM, the other is a job as a schedule starts it.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from sklearn import metrics

from tests.support.containers import run_job
from tests.support.monitor_data import write_monitoring_root
from tests.support.predictions_data import Table, csv_text, with_wrong_labels
from tests.support.preprocess_data import outputs_of
from tests.support.quality_cases import (
    BINARY,
    CASES,
    CLASSES,
    CSV,
    FEW,
    FORECASTS,
    MANY_SCORES,
    NUMBERS,
    REFUSED,
    TEN,
    WINDOW,
    YES_NO,
)

# Runs inside the image, with what is installed there alone.
ANALYSES = Path(__file__).parents[1] / "support" / "analyses.py"
README = Path(__file__).parents[2] / "images" / "monitor" / "README.md"
SCHEMAS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "model_monitor_schemas.json").read_text(encoding="utf-8")
)
INPUT = "/opt/ml/processing/input/data"
BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


@pytest.fixture(scope="module")
def results(monitor_image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What every case wrote, or was refused with."""
    everything = CASES | REFUSED
    texts = {text: f"{number}/rows.txt" for number, (text, _) in enumerate(everything.values())}
    files = {path: text for text, path in texts.items()}
    root = write_monitoring_root(tmp_path_factory.mktemp("cases") / "ml", files, {})
    cases = {
        name: {
            "dataset_source": f"{INPUT}/{texts[text]}",
            "output_path": "/opt/ml/unused",
            "dataset_format": CSV,
            **variables,
        }
        for name, (text, variables) in everything.items()
    }
    (root / "cases.json").write_text(json.dumps(cases))
    (root / "analyses.py").write_text(ANALYSES.read_text())

    outcome = run_job(monitor_image, ["/opt/ml/analyses.py"], root, entrypoint="python")

    assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
    found: dict[str, Any] = json.loads((root / "results.json").read_text())
    return found


def block(result: Mapping[str, Any]) -> dict[str, Any]:
    """The measures of a statistics.json."""
    (name,) = set(result["statistics.json"]) - {"version", "dataset"}
    found: dict[str, Any] = result["statistics.json"][name]
    return found


def values(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each["value"] for name, each in block(result).items() if "value" in each}


def exactly(expected: Mapping[str, float]) -> Any:
    return pytest.approx(dict(expected), rel=1e-9, abs=1e-12)


def expected_binary(truth: Any, answer: Any, score: Any) -> dict[str, float]:
    """scikit-learn's."""
    recall = metrics.recall_score(truth, answer, zero_division=0)
    specificity = metrics.recall_score(~truth, ~answer, zero_division=0)
    always = np.ones_like(truth)
    found = {
        "true_positive_rate": recall,
        "true_negative_rate": specificity,
        "false_positive_rate": 1 - specificity,
        "false_negative_rate": 1 - recall,
        "auc": metrics.roc_auc_score(truth, score),
    }
    for suffix, given in {"": answer, "_best_constant_classifier": always}.items():
        found |= {
            f"recall{suffix}": metrics.recall_score(truth, given, zero_division=0),
            f"precision{suffix}": metrics.precision_score(truth, given, zero_division=0),
            f"accuracy{suffix}": metrics.accuracy_score(truth, given),
        }
        for name, beta in BETAS.items():
            found[name + suffix] = metrics.fbeta_score(truth, given, beta=beta, zero_division=0)
    return found


@pytest.mark.parametrize(
    ("case", "table", "threshold"),
    [
        ("binary", YES_NO, 0.5),
        ("by threshold", YES_NO, 0.7),
        ("few", FEW, 0.5),
        ("merged", FEW, 0.5),
        ("many scores", MANY_SCORES, 0.5),
        ("no positive answer", {name: np.array(column) for name, column in TEN.items()}, 2.0),
    ],
)
def test_binary_measures_are_scikit_learns(
    results: dict[str, Any], case: str, table: Table, threshold: float
) -> None:
    truth, score = table["label"] == "yes", table["probability"]

    assert values(results[case]) == exactly(expected_binary(truth, score >= threshold, score))
    matrix = metrics.confusion_matrix(truth, score >= threshold, labels=[False, True])
    no, yes = ("0", "1") if case == "by threshold" else ("no", "yes")
    found = block(results[case])["confusion_matrix"]
    assert [[found[row][column] for column in (no, yes)] for row in (no, yes)] == matrix.tolist()


@pytest.mark.parametrize("case", ["binary", "few"])
def test_the_curves_are_scikit_learns(results: dict[str, Any], case: str) -> None:
    table = YES_NO if case == "binary" else FEW
    truth, score = table["label"] == "yes", table["probability"]
    found = block(results[case])

    false, true, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
    precisions, recalls, _ = metrics.precision_recall_curve(truth, score)

    roc = found["receiver_operating_characteristic_curve"]
    assert roc["false_positive_rates"] == pytest.approx(false.tolist(), rel=1e-9)
    assert roc["true_positive_rates"] == pytest.approx(true.tolist(), rel=1e-9)
    # AWS's example goes from recall 0 on, scikit-learn's from recall 1.
    curve = found["precision_recall_curve"]
    assert curve["precisions"] == pytest.approx(precisions[::-1].tolist(), rel=1e-9)
    assert curve["recalls"] == pytest.approx(recalls[::-1].tolist(), rel=1e-9)


def test_of_very_many_scores_some_points_are_told_which_are_on_the_curve(results: dict[str, Any]) -> None:
    truth, score = MANY_SCORES["label"] == "yes", MANY_SCORES["probability"]
    roc = block(results["many scores"])["receiver_operating_characteristic_curve"]
    told = list(zip(roc["false_positive_rates"], roc["true_positive_rates"], strict=True))

    false, true, _ = metrics.roc_curve(truth, score, drop_intermediate=False)

    assert len(false) > 10_001 > len(told) - 1 > 9_000
    assert (told[0], told[-1]) == ((0.0, 0.0), (1.0, 1.0))
    curve = {(round(x, 12), round(y, 12)) for x, y in zip(false, true, strict=True)}
    assert {(round(x, 12), round(y, 12)) for x, y in told} <= curve


def test_deviations_are_told_from_200_rows_on(results: dict[str, Any]) -> None:
    for case in ("few", "no positive answer"):
        assert {each["standard_deviation"] for each in block(results[case]).values() if "value" in each} == {
            "NaN"
        }
    found = block(results["binary"])
    rows = len(YES_NO["label"])
    for name, constraint in results["binary"]["constraints.json"][
        "binary_classification_constraints"
    ].items():
        # Four fifths drawn from the same rows differ by half of what two windows of that size do;
        # five of them tell it within a factor of three (chi-squared, 4 degrees of freedom, 99.9 %).
        expected = constraint["deviation_of_one_row"] / math.sqrt(rows) / 2
        assert expected / 5 < found[name]["standard_deviation"] < expected * 3, name


def test_the_deviation_of_one_row_is_the_bootstraps(results: dict[str, Any]) -> None:
    truth, score = YES_NO["label"] == "yes", YES_NO["probability"]
    source = np.random.default_rng(0)
    drawn = [
        expected_binary(truth[rows], score[rows] >= 0.5, score[rows])
        for rows in (source.integers(0, len(truth), len(truth)) for _ in range(60))
    ]

    constraints = results["binary"]["constraints.json"]["binary_classification_constraints"]

    for name, constraint in constraints.items():
        deviation = np.std([sample[name] for sample in drawn]) * math.sqrt(len(truth))
        # Sixty samples tell a deviation to a tenth; three of those.
        assert constraint["deviation_of_one_row"] == pytest.approx(deviation, rel=0.3), name


def test_suggested_thresholds_are_the_baselines_own_values(results: dict[str, Any]) -> None:
    suggested = results["binary"]["constraints.json"]["binary_classification_constraints"]

    told = values(results["binary"])
    assert {name: each["threshold"] for name, each in suggested.items()} == {
        name: value for name, value in told.items() if not name.endswith("_best_constant_classifier")
    }
    greater = {name for name, each in suggested.items() if each["comparison_operator"] != "LessThanThreshold"}
    assert greater == {"false_positive_rate", "false_negative_rate"}
    errors = results["regression"]["constraints.json"]["regression_constraints"]
    operators = {name: each["comparison_operator"] for name, each in errors.items()}
    assert operators.pop("r2") == "LessThanThreshold"
    assert operators == dict.fromkeys(("mae", "mse", "rmse"), "GreaterThanThreshold")


def violated(result: Mapping[str, Any]) -> set[str]:
    return {each["metric_name"] for each in result["constraint_violations.json"]["violations"]}


def test_a_clean_window_violates_awss_rule_and_not_ours(results: dict[str, Any]) -> None:
    assert violated(results["clean"]) == set()
    before, now = values(results["binary"]), values(results["clean by AWS's rule"])
    worse = {
        name
        for name in results["binary"]["constraints.json"]["binary_classification_constraints"]
        if (now[name] > before[name] if name.startswith("false") else now[name] < before[name])
    }
    assert violated(results["clean by AWS's rule"]) == worse != set()


def test_a_worse_model_violates_both_operators(results: dict[str, Any]) -> None:
    assert violated(results["worse regression"]) == {"mae", "mse", "rmse", "r2"}
    told = {
        each["metric_name"]: each
        for each in results["worse regression"]["constraint_violations.json"]["violations"]
    }
    mae, before = values(results["worse regression"])["mae"], values(results["regression"])["mae"]
    assert told["mae"]["constraint_check_type"] == "GreaterThanThreshold"
    assert told["mae"]["description"].startswith(f"Metric mae with {mae} was GreaterThanThreshold {before} ")
    assert told["r2"]["constraint_check_type"] == "LessThanThreshold"


def test_regression_measures_are_scikit_learns(results: dict[str, Any]) -> None:
    truth, answer = NUMBERS["truth"], NUMBERS["answer"]

    assert values(results["regression"]) == exactly(
        {
            "mae": metrics.mean_absolute_error(truth, answer),
            "mse": metrics.mean_squared_error(truth, answer),
            "rmse": metrics.root_mean_squared_error(truth, answer),
            "r2": metrics.r2_score(truth, answer),
        }
    )
    source = np.random.default_rng(0)
    drawn = [source.integers(0, len(truth), len(truth)) for _ in range(200)]
    deviation = np.std([metrics.r2_score(truth[rows], answer[rows]) for rows in drawn])
    suggested = results["regression"]["constraints.json"]["regression_constraints"]
    expected = deviation * math.sqrt(len(truth))
    assert suggested["r2"]["deviation_of_one_row"] == pytest.approx(expected, rel=0.2)


def test_multiclass_measures_are_scikit_learns(results: dict[str, Any]) -> None:
    truth, answer = CLASSES["truth"], CLASSES["answer"]
    expected: dict[str, float] = {}
    for suffix, given in {"": answer, "_best_constant_classifier": np.full_like(truth, "a")}.items():
        options = {"average": "weighted", "zero_division": 0}
        expected |= {
            f"accuracy{suffix}": metrics.accuracy_score(truth, given),
            f"weighted_recall{suffix}": metrics.recall_score(truth, given, **options),
            f"weighted_precision{suffix}": metrics.precision_score(truth, given, **options),
        }
        for name, beta in BETAS.items():
            expected[f"weighted_{name}{suffix}"] = metrics.fbeta_score(truth, given, beta=beta, **options)

    assert values(results["multiclass"]) == exactly(expected)
    names = ["a", "b", "c", "d", "e"]
    found = block(results["multiclass"])["confusion_matrix"]
    matrix = metrics.confusion_matrix(truth, answer, labels=names)
    assert [[found[row][column] for column in names] for row in names] == matrix.tolist()


def test_forecast_measures_are_numpys(results: dict[str, Any]) -> None:
    actual, sold = FORECASTS["actual"], FORECASTS["actual"] != 0
    losses = {
        f"weighted_quantile_loss_{level}": 2
        * np.sum(np.abs((actual - FORECASTS[name]) * ((actual <= FORECASTS[name]) - level)))
        / np.sum(np.abs(actual))
        for level, name in ((0.1, "p10"), (0.5, "p50"), (0.9, "p90"))
    }
    expected = {
        "mape": np.mean(np.abs((FORECASTS["mean"] - actual)[sold] / actual[sold])),
        "mean_weighted_quantile_loss": np.mean(list(losses.values())),
        "coverage_80": np.mean((FORECASTS["p10"] <= actual) & (actual <= FORECASTS["p90"])),
        **losses,
    }

    assert values(results["forecast"]) == exactly(expected)
    zeros = int((~sold).sum())
    assert zeros > 0
    assert results["forecast"]["remark"] == f" mape is without {zeros} rows whose actual is 0."


def test_what_the_data_cannot_tell_is_nan_and_said(results: dict[str, Any]) -> None:
    one_class = values(results["one class"])
    assert {name for name, value in one_class.items() if value != "NaN"} == {
        *("accuracy", "true_negative_rate", "false_positive_rate")
    }
    assert "receiver_operating_characteristic_curve" not in block(results["one class"])
    assert violated(results["one class"]) == set()
    assert "The data cannot tell recall, precision," in results["one class"]["remark"]
    assert values(results["constant truth"])["r2"] == "NaN"
    assert values(results["constant truth"])["mae"] == pytest.approx(1.0)
    assert "r2" not in results["constant truth"]["constraints.json"]["regression_constraints"]
    nothing = values(results["forecast of nothing"])
    assert {nothing[name] for name in nothing if name != "coverage_80"} == {"NaN"}


def test_rows_without_a_prediction_or_truth_are_left_out_and_counted(results: dict[str, Any]) -> None:
    found = results["a prediction is missing"]

    assert found["statistics.json"]["dataset"]["item_count"] == len(FEW["label"])
    assert values(found) == values(results["few"])
    assert found["remark"] == " 2 rows were left out for want of a prediction or its truth."


def test_every_measure_that_can_be_told_goes_to_cloudwatch(results: dict[str, Any]) -> None:
    for case in ("binary", "one class", "regression", "multiclass", "forecast"):
        told = {name: value for name, value in values(results[case]).items() if value != "NaN"}
        assert {each["MetricName"]: each["Value"] for each in results[case]["cloudwatch"]} == told


@pytest.mark.parametrize("case", CASES)
def test_files_have_the_forms_of_the_developer_guide(results: dict[str, Any], case: str) -> None:
    for name, document in results[case].items():
        if name.endswith(".json"):
            jsonschema.validate(document, SCHEMAS[f"model-quality/{name}"])


def documented_messages() -> dict[str, str]:
    """What is wrong, and the message for it, from the README's table."""
    text = README.read_text(encoding="utf-8").partition("### What is refused")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| ([^|`]+) \| `(.+?)` \|$", text, re.MULTILINE))


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_is_wrong_is_named(results: dict[str, Any], wrong: str) -> None:
    documented = documented_messages()
    assert set(documented) == set(REFUSED)

    message = results[wrong]["refused"]

    assert re.fullmatch(".*".join(map(re.escape, documented[wrong].split("…"))), message), message


def test_a_job_with_wrong_labels_says_so_in_files_message_and_metrics(
    results: dict[str, Any], monitor_image: str, tmp_path: Path
) -> None:
    variables = BINARY | {
        "dataset_format": CSV,
        "publish_cloudwatch_metrics": "Enabled",
        "metric_time": "2026-01-01T00:00:00Z",
        "sagemaker_endpoint_name": "ep",
    }
    constraints = json.dumps(results["binary"]["constraints.json"])
    window = with_wrong_labels(WINDOW, 100)
    root = write_monitoring_root(
        tmp_path / "ml", {"rows.csv": csv_text(window)}, variables, {"constraints.json": constraints}
    )

    outcome = run_job(monitor_image, [], root)

    assert outcome.exit_code == 0, outcome.stderr
    found = {name: json.loads(text) for name, text in outputs_of(root).items() if name.endswith(".json")}
    count = len(found["constraint_violations.json"]["violations"])
    assert violated(found) >= {"accuracy", "recall", "f1", "auc", "false_negative_rate"}
    message = (root / "output" / "message").read_text()
    assert message == f"CompletedWithViolations: Job completed successfully with {count} violations."
    report = found["monitoring_report.json"]
    assert (report["analysis"], report["rows"], report["violations"]) == ("model-quality", 500, count)
    assert (
        report["metrics"]["f1"]["value"]
        == found["statistics.json"]["binary_classification_metrics"]["f1"]["value"]
    )
    lines = (root / "output/metrics/cloudwatch/cloudwatch_metrics.jsonl").read_text().splitlines()
    f1 = next(line for line in map(json.loads, lines) if line["MetricName"] == "f1")
    assert f1 == {
        "MetricName": "f1",
        "Value": report["metrics"]["f1"]["value"],
        "Timestamp": "2026-01-01T00:00:00Z",
        "Dimensions": [{"Name": "Endpoint", "Value": "ep"}],
    }
