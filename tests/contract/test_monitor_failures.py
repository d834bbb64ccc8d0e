"""What the monitor image refuses, in the words that its README gives."""

import json
import re
from pathlib import Path

import pytest

from tests.support.containers import run_job
from tests.support.monitor_data import captured, csv_text, json_lines, rows, write_monitoring_root
from tests.support.monitored import CSV, JSON_LINES, JobOf, Left, run_jobs
from tests.support.preprocess_data import outputs_of

README = Path(__file__).parents[2] / "images" / "monitor" / "README.md"
CAPTURE = {"dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput"]}}'}
MERGED = {
    "dataset_format": '{"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}}',
    "analysis_type": "MODEL_QUALITY",
    "problem_type": "Regression",
    "inference_attribute": "0",
}
DATA = "/opt/ml/processing/input/data"
MERGE = {"ground_truth_source": f"{DATA}/../labels"}
WINDOW = {"start_time": "2026-01-02T00:00:00Z", "end_time": "2026-01-02T01:00:00Z"}
ROWS = rows(20)
SMALL = csv_text(ROWS)
TIME = "2026-01-01T00:30:00Z"
CALL = captured([(TIME, "1,2\n", "0.5\n")])
TWO = json.loads(captured([(TIME, "1\n2\n", "0.5\n0.6\n")]))
LABEL = {"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "another"}}
SCRIPT = "def preprocess_handler(record):\n    return {'age': record.age}\n"
DROP = "def preprocess_handler(record):\n    return []\n"
USER = {"record_preprocessor_script": f"{DATA}/.p.py"}

BAD: dict[str, JobOf] = {
    "there is no file": JobOf({}, CSV),
    "a file is empty": JobOf({"rows.csv": ""}, CSV),
    "a header alone": JobOf({"rows.csv": SMALL.splitlines()[0] + "\n"}, CSV),
    "the last line is torn": JobOf({"rows.csv": SMALL + "40,1.5,Be"}, CSV),
    "a row lacks cells": JobOf({"rows.csv": SMALL + "40,1.5\n" + "41,2,Bern,a note,\n"}, CSV),
    "NaN in a baseline": JobOf({"rows.csv": csv_text([ROWS[0] | {"rate": "NaN"}, *ROWS[1:]])}, CSV),
    "a torn JSON line": JobOf({"rows.jsonl": json_lines(ROWS[:3]) + '{"age": 4'}, JSON_LINES),
    "nested JSON": JobOf({"rows.jsonl": '{"a": {"b": 1}}\n'}, JSON_LINES),
    "a torn captured line": JobOf({"c.jsonl": CALL + CALL[:60]}, CAPTURE),
    "captured content is mixed": JobOf(
        {"c.jsonl": CALL + captured([(TIME, '{"a": 1}', "{}")], "JSON")}, CAPTURE
    ),
    "captured content is Base64": JobOf({"c.jsonl": captured([(TIME, "MQ==", "MQ==")], "BASE64")}, CAPTURE),
    "every call is left out": JobOf(
        {"c.jsonl": captured([(TIME, "years,town\n41,Bern\n", "1")])},
        CAPTURE | {"other_records": "leave_out"},
    ),
    "no call in the window": JobOf({"c.jsonl": CALL}, CAPTURE | WINDOW),
    "nobody merged": JobOf({"c.jsonl": CALL}, MERGED),
    "one label for two records": JobOf(
        {"c.jsonl": json.dumps({**TWO, "groundTruthData": {"data": "1", "encoding": "CSV"}})}, MERGED
    ),
    "no label": JobOf({"c.jsonl": CALL}, MERGE),
    "labels of other calls": JobOf({"c.jsonl": CALL, "../labels/l.jsonl": json.dumps(LABEL)}, MERGE),
    "a torn label": JobOf({"c.jsonl": CALL, "../labels/l.jsonl": json.dumps(LABEL)[:50]}, MERGE),
    "bias": JobOf({"rows.csv": SMALL}, CSV | {"analysis_type": "BIAS"}),
    "a script is not there": JobOf({"rows.csv": SMALL}, CSV | USER),
    "a script fails": JobOf({"c.jsonl": CALL, ".p.py": SCRIPT}, CAPTURE | USER),
    "a script drops all": JobOf({"c.jsonl": CALL, ".p.py": DROP}, CAPTURE | USER),
    "no dataset_format": JobOf({"rows.csv": SMALL}, {}),
    "the constraints file is another one": JobOf(
        {"rows.csv": SMALL, "../c.json": '{"regression_constraints": {}}'},
        CSV | {f"baseline_{name}": f"{DATA}/../c.json" for name in ("constraints", "statistics")},
    ),
}
NO_DEEQU = "Deequ is not there"


def documented_messages() -> dict[str, str]:
    """What is wrong, and the message for it, from the README's table."""
    text = README.read_text(encoding="utf-8").partition("## Failures")[2]
    return dict(re.findall(r"^\| ([^|`]+) \| `(.+?)` \|$", text, re.MULTILINE))


def says(message: str, documented: str) -> bool:
    """Whether `message` is the documented one, whose … stand for anything."""
    return re.fullmatch(".*".join(map(re.escape, documented.split("…"))), message, re.DOTALL) is not None


@pytest.fixture(scope="module")
def left(monitor_image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    return run_jobs(monitor_image, tmp_path_factory.mktemp("failures"), BAD)


def test_every_documented_failure_is_tried() -> None:
    assert set(documented_messages()) == {*BAD, NO_DEEQU}


@pytest.mark.parametrize("wrong", BAD)
def test_what_is_wrong_is_the_jobs_message_and_nothing_else_is_left(
    left: dict[str, Left], wrong: str
) -> None:
    failed = left[wrong]

    assert failed.exit_code != 0
    assert says(failed.message, documented_messages()[wrong]), failed.message
    assert len(failed.message.encode()) <= 1024
    assert failed.files == {}


def test_without_deequ_there_are_no_statistics(monitor_image: str, tmp_path: Path) -> None:
    root = write_monitoring_root(tmp_path / "ml", {"rows.csv": SMALL}, CSV)
    script = "rm /opt/venv/lib/python3*/site-packages/pyspark/jars/deequ-*.jar && exec python -m monitor"

    outcome = run_job(monitor_image, ["-c", script], root, entrypoint="sh")

    # As AWS's analyzer ends; the reason is the last line of its log, without a trace.
    assert outcome.exit_code == 255
    message = (root / "output" / "message").read_text()
    assert outcome.stderr.splitlines()[-1] == f"Processing failed: {message}"
    assert "Traceback" not in outcome.stderr
    assert says(message, documented_messages()[NO_DEEQU]), message
    assert outputs_of(root) == {}
