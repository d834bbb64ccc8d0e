"""Merged and captured data of every form, and users' scripts, as Spark sees what becomes of them.

One container merges, as a schedule would have it; one runs the analyses.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.containers import run_job
from tests.support.monitor_data import csv_text, rows
from tests.support.monitored import CSV, JobOf, Left, run_jobs
from tests.support.preprocess_data import open_to_everyone

# Ages and cities are told by the request, whether the client will buy by the answer.
ROWS = rows(200)
HOUR = "ep/AllTraffic/2026/01/01/10"
COLUMNS = ("age", "rate", "city")
MERGED_INPUT = {"dataset_format": '{"sagemakerMergeJson": {"captureIndexNames": ["endpointInput"]}}'}
MERGED_OUTPUT = {"dataset_format": '{"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}}'}
CAPTURED = {"dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput"]}}'}
BOTH = {
    "dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"],'
    ' "output_columns_position": "END"}}'
}
QUALITY = {
    "analysis_type": "MODEL_QUALITY",
    "problem_type": "BinaryClassification",
    "positive_label": "yes",
}
LEAVE_OUT = {"other_records": "leave_out"}


def body(number: int, header: bool = False) -> str:
    return csv_text([ROWS[number]], COLUMNS, header)


def answer(number: int) -> str:
    return "yes,0.9\n" if number % 2 else "no,0.2\n"


def truth(number: int) -> str:
    """As the answer, but for one in ten."""
    return "yes" if (number % 2 == 1) != (number % 10 == 0) else "no"


def call(number: int, request: str, answered: str, encoding: str = "CSV") -> dict[str, Any]:
    return {
        "captureData": {
            "endpointInput": {"data": request, "encoding": encoding, "mode": "INPUT"},
            "endpointOutput": {"data": answered, "encoding": encoding, "mode": "OUTPUT"},
        },
        "eventMetadata": {
            "eventId": f"event-{number}",
            "inferenceId": f"client-{number}",
            "inferenceTime": "2026-01-01T10:30:00Z",
        },
        "eventVersion": "0",
    }


def lines(documents: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in documents)


CALLS = [call(number, body(number), answer(number)) for number in range(len(ROWS))]
LABELS = [
    {
        "groundTruthData": {"data": truth(number), "encoding": "CSV"},
        "eventMetadata": {"eventId": f"client-{number}"},
        "eventVersion": "0",
    }
    # The last ten are not known yet.
    for number in range(len(ROWS) - 10)
]


@pytest.fixture(scope="module")
def merged(monitor_image: str, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """The merge job of contracts §5.2, with its folders."""
    root = tmp_path_factory.mktemp("merge")
    environment = {
        "dataset_source": "/opt/ml/processing/input_data",
        "ground_truth_source": "/opt/ml/processing/groundtruth",
        "output_path": "/opt/ml/processing/output",
        "start_time": "2026-01-01T10:00:00Z",
        "end_time": "2026-01-01T11:00:00Z",
    }
    for place, content in {
        f"processing/input_data/{HOUR}/27-57-062-a.jsonl": lines(CALLS),
        "processing/groundtruth/2026/01/01/11/labels.jsonl": lines(LABELS),
        "config/processingjobconfig.json": json.dumps({"Environment": environment}),
        "output/.keep": "",
        "processing/output/.keep": "",
    }.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    open_to_everyone(root)

    # Neither Java nor Spark has a part in it.
    script = "rm -r /opt/java /opt/venv/lib/python3*/site-packages/pyspark && exec python -m monitor"
    outcome = run_job(monitor_image, ["-c", script], root, entrypoint="sh")

    output = root / "processing" / "output"
    files = {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*.json*")}
    return Left(outcome.exit_code, (root / "output" / "message").read_text(), files)


def test_a_merge_job_needs_no_spark_and_says_what_it_found(merged: Left) -> None:
    assert merged.exit_code == 0
    assert merged.message == (
        "Completed: merged 190 of 200 captured calls with ground truth; calls without a label: 10; "
        "labels uploaded after the window: 190."
    )
    (part,) = (name for name in merged.files if name.endswith(".jsonl"))
    assert Path(part).parent.as_posix() == HOUR
    assert [json.loads(line) for line in merged.files[part].splitlines()] == [
        {**call, "groundTruthData": label["groundTruthData"]}
        for call, label in zip(CALLS, LABELS, strict=False)
    ]


HEADED = [call(200, body(0, header=True), answer(0)), call(201, body(1, header=True), answer(1))]
RAW = call(202, "years,town\n41,Bern\n", answer(0))
JSON_CALL = call(203, '{"age": 41}', "{}", "JSON")
OBJECTS = [
    call(
        number,
        json.dumps({"age": int(ROWS[number]["age"]), "city": ROWS[number]["city"]}),
        json.dumps({"predictions": [{"label": answer(number).split(",")[0], "score": 0.5}]}),
        "JSON",
    )
    | {"groundTruthData": {"data": json.dumps({"bought": truth(number)}), "encoding": "JSON"}}
    for number in range(len(ROWS))
]
FLAT_ANSWERS = [
    call(number, json.dumps({"age": int(ROWS[number]["age"])}), json.dumps({"label": "yes"}), "JSON")
    for number in range(20)
]
PREPROCESSOR = """
import csv

def preprocess_handler(record):
    cells = next(csv.reader([record.endpoint_input.data]))
    return [] if cells[2] == "Oslo" else {str(place).zfill(20): cell for place, cell in enumerate(cells)}
"""
LINE_PREPROCESSOR = """
def preprocess_handler(line):
    return {"age": int(line.split(",")[0]) + 100}
"""
POSTPROCESSOR = """
from pathlib import Path

def postprocess_handler():
    output = Path(__file__).parents[1] / "output"
    (output / "seen.txt").write_text(",".join(sorted(path.name for path in output.glob("*.json"))))
"""
DATA = "/opt/ml/processing/input/data"


@pytest.fixture(scope="module")
def left(merged: Left, monitor_image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    """Every analysis below, in one container."""
    table = csv_text(ROWS, COLUMNS)
    captured = lines(CALLS)
    jobs = {
        "baseline": JobOf({"rows.csv": table}, CSV),
        "gzip": JobOf({"rows.csv.gz": gzip.compress(table.encode())}, CSV, "baseline"),
        "captured": JobOf({"c.jsonl": captured}, CAPTURED, "baseline"),
        "merged": JobOf(merged.files, MERGED_INPUT, "baseline"),
        "quality": JobOf(
            merged.files,
            MERGED_OUTPUT | QUALITY | {"inference_attribute": "0", "probability_attribute": "1"},
        ),
        "both": JobOf({"c.jsonl": captured}, BOTH),
        "others": JobOf(
            {"c.jsonl": lines([JSON_CALL, *CALLS, *HEADED, RAW])}, CAPTURED | LEAVE_OUT, "baseline"
        ),
        "json": JobOf({"c.jsonl": lines(OBJECTS)}, CAPTURED),
        "json, both": JobOf({"c.jsonl": lines(FLAT_ANSWERS)}, BOTH),
        "json, quality": JobOf(
            {"m.jsonl": lines(OBJECTS)},
            MERGED_OUTPUT | QUALITY | {"inference_attribute": "$.predictions[0].label"},
        ),
        "script": JobOf(
            {"c.jsonl": captured, ".script/p.py": PREPROCESSOR},
            CAPTURED | {"record_preprocessor_script": f"{DATA}/.script/p.py"},
            "baseline",
        ),
        "script, lines": JobOf(
            {"rows.csv": table, ".p.py": LINE_PREPROCESSOR},
            CSV | {"record_preprocessor_script": f"{DATA}/.p.py"},
        ),
        "after": JobOf(
            {"rows.csv": table, "../p.py": POSTPROCESSOR},
            CSV | {"post_analytics_processor_script": "/opt/ml/processing/input/p.py"},
        ),
        "after, failing": JobOf(
            {"rows.csv": table, ".p.py": "def postprocess_handler():\n    raise OSError('no mail')\n"},
            CSV | {"post_analytics_processor_script": f"{DATA}/.p.py"},
        ),
    }
    return run_jobs(monitor_image, tmp_path_factory.mktemp("analyses"), jobs)


def test_every_job_ends_as_it_should(left: dict[str, Left]) -> None:
    failed = {name: each.message for name, each in left.items() if each.exit_code}

    assert list(failed) == ["after, failing"], failed


FEATURES = ("age", "rate", "city")


def told(left: Left, names: tuple[str, ...] = FEATURES) -> list[Any]:
    """What does not depend on the order of the rows."""
    found: list[Any] = []
    for name in names:
        feature = left.statistics[name]
        kind = feature.get("numerical_statistics") or feature["string_statistics"]
        mean = pytest.approx(kind["mean"], rel=1e-9) if "mean" in kind else None
        found.append([kind["common"], kind.get("min"), kind.get("max"), mean, kind.get("distinct_count")])
    return found


@pytest.mark.parametrize("name", ["gzip", "captured", "others"])
def test_the_baselines_rows_in_another_form_are_the_same(left: dict[str, Left], name: str) -> None:
    again = left[name]

    assert list(again.statistics) == list(FEATURES)
    if name == "others":
        # Two calls more, of the first two rows under the baseline's header.
        assert again.document("statistics.json")["dataset"]["item_count"] == len(ROWS) + 2
    else:
        assert told(again) == told(left["baseline"])
    assert again.violations == set()


def test_calls_of_another_form_are_told_in_message_and_report(left: dict[str, Left]) -> None:
    again = left["others"]

    assert again.message == (
        "Completed: Job completed successfully with no violations. "
        "2 of 204 calls are of another form and were left out."
    )
    assert again.document("monitoring_report.json")["left_out"] == 2


def test_data_quality_of_merged_data_knows_the_merge_and_no_label(left: dict[str, Left]) -> None:
    again = left["merged"]

    assert list(again.statistics) == list(FEATURES)
    assert again.document("statistics.json")["dataset"]["item_count"] == 190
    truth = again.document("monitoring_report.json")["ground_truth"]
    assert (truth["merged"], truth["captured"], truth["late_labels"]) == (190, 200, 190)


def expected_matrix(count: int) -> dict[str, dict[str, int]]:
    """What the model said, by what came true."""
    matrix = {actual: {"yes": 0, "no": 0} for actual in ("yes", "no")}
    for number in range(count):
        matrix[truth(number)][answer(number).split(",")[0]] += 1
    return matrix


@pytest.mark.parametrize(("name", "count"), [("quality", 190), ("json, quality", 200)])
def test_model_quality_compares_answers_with_the_labels_of_their_calls(
    left: dict[str, Left], name: str, count: int
) -> None:
    metrics = left[name].document("statistics.json")["binary_classification_metrics"]

    matrix = {
        actual: {predicted: round(number) for predicted, number in row.items()}
        for actual, row in metrics["confusion_matrix"].items()
    }
    assert matrix == expected_matrix(count)
    # One answer in ten is wrong, by the way the labels were made.
    assert metrics["accuracy"]["value"] == pytest.approx(0.9)


def test_the_answers_cells_stand_beside_the_requests(left: dict[str, Left]) -> None:
    assert list(left["both"].statistics) == ["_c0", "_c1", "_c2", "_c3", "_c4"]
    assert left["both"].statistics["_c3"]["string_statistics"]["distinct_count"] == 2
    assert left["both"].statistics["_c4"]["numerical_statistics"]["max"] == 0.9


def test_json_bodies_have_a_column_for_each_key(left: dict[str, Left]) -> None:
    assert list(left["json"].statistics) == ["age", "city"]
    assert told(left["json"], ("age",)) == told(left["baseline"], ("age",))
    assert list(left["json, both"].statistics) == ["age", "label"]


def test_a_script_changes_and_drops_records_before_spark_sees_them(left: dict[str, Left]) -> None:
    kept = [row for row in ROWS if row["city"] != "Oslo"]

    again = left["script"]

    assert 0 < len(kept) < len(ROWS)
    assert again.document("statistics.json")["dataset"]["item_count"] == len(kept)
    assert list(again.statistics) == list(FEATURES)


def test_a_script_makes_records_of_lines_of_csv(left: dict[str, Left]) -> None:
    (age,) = left["script, lines"].document("statistics.json")["features"]

    assert age["name"] == "age"
    assert age["numerical_statistics"]["min"] == min(int(row["age"]) for row in ROWS) + 100


def test_a_script_after_the_analysis_finds_its_files(left: dict[str, Left]) -> None:
    seen = left["after"].files["seen.txt"].decode()

    assert seen == "constraints.json,monitoring_report.json,statistics.json"


def test_a_script_that_fails_after_the_analysis_fails_the_job_in_its_own_words(left: dict[str, Left]) -> None:
    script = r"post_analytics_processor_script /opt/ml/jobs/\d+/processing/input/data/\.p\.py"
    failed = left["after, failing"]

    assert re.fullmatch(rf"{script}, line 2: OSError: no mail", failed.message)
    assert "statistics.json" in failed.files
