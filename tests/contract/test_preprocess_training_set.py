"""What was encoded and captured becomes raw rows again: all of bank's, to the last digit."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.project_file import load_project
from orchestration.schema import schema_document
from tests.support.containers import Ended, run_job
from tests.support.preprocess_data import outputs_of, write_processing_root
from tests.support.preprocess_readme import documented_messages, says

SCHEMA = schema_document(load_project("bank"))
COLUMNS = [*(feature["name"] for feature in SCHEMA["features"]), SCHEMA["target"]["name"]]
# Every row of a run is in one of these, and none is in two.
PARTS = ("train/train.csv", "validation/validation.csv", "test/test.csv", "live/encoded.csv")
LABELS = {"1": "yes", "0": "no"}
ROWS, REPORT = "rows/training-set.csv", "report/training-set.json"


@pytest.fixture(scope="module")
def encoded(
    preprocess_image: str, bank_csv: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The outputs of a run on the real rows."""
    files = {"bank.csv": bank_csv.read_bytes()}
    root = write_processing_root(tmp_path_factory.mktemp("bank") / "ml", files, SCHEMA)
    outcome = run_job(preprocess_image, [], root)
    assert outcome.exit_code == 0, outcome.stderr
    return outputs_of(root)


def merged(encoded: dict[str, bytes]) -> Iterator[str]:
    """Every row as if it had been asked by the API and labelled, one request each (contracts.md, 5.2)."""
    encoder = hashlib.sha256(encoded["encoder/encoder.json"]).hexdigest()
    for part in PARTS:
        for number, line in enumerate(encoded[part].decode().splitlines()):
            label, row = line.split(",", 1)
            asked = {"observedContentType": "text/csv", "mode": "INPUT", "data": row, "encoding": "CSV"}
            call = {
                "captureData": {"endpointInput": asked},
                "eventMetadata": {
                    "eventId": f"{part}-{number}",
                    "customAttributes": [f"encoder={encoder}"],
                },
                "eventVersion": "0",
                "groundTruthData": {"data": LABELS[label], "encoding": "CSV"},
            }
            yield json.dumps(call) + "\n"


def made_of(image: str, root: Path, base: str, encoder: bytes, lines: str) -> Ended:
    """`training-set` on a base, an encoder and merged lines."""
    write_processing_root(root, {}, SCHEMA)
    for name, content in (("base/base.csv", base.encode()), ("encoder/encoder.json", encoder)):
        path = root / "processing" / "input" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    place = root / "processing" / "input" / "merged" / "slipway-bank" / "AllTraffic" / "part-00000.jsonl"
    place.parent.mkdir(parents=True)
    place.write_text(lines, encoding="utf-8")
    return run_job(image, ["training-set"], root)


def rows_of(text: str) -> list[tuple[str, ...]]:
    """The rows of a file, the schema's columns of them in its order."""
    return [
        tuple(row[name] for name in COLUMNS)
        for row in csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text[:200] else ",")
    ]


def test_every_real_row_that_was_encoded_is_decoded_exactly(
    preprocess_image: str, bank_csv: Path, encoded: dict[str, bytes], tmp_path: Path
) -> None:
    original = bank_csv.read_text(encoding="utf-8")
    base = "\n".join(original.splitlines()[:3]) + "\n"
    encoder = encoded["encoder/encoder.json"]

    outcome = made_of(preprocess_image, tmp_path / "ml", base, encoder, "".join(merged(encoded)))

    assert outcome.exit_code == 0, outcome.stderr
    outputs = outputs_of(tmp_path / "ml")
    assert list(outputs) == sorted([ROWS, REPORT])
    rows, true_rows = rows_of(outputs[ROWS].decode()), rows_of(original)
    assert rows[:2] == true_rows[:2]
    assert Counter(rows[2:]) == Counter(true_rows)
    report = json.loads(outputs[REPORT])
    assert report["captured"]["left_out"] == 0
    assert report["sha256"] == hashlib.sha256(outputs[ROWS]).hexdigest()


def test_too_few_captured_rows_fail_the_job_and_leave_the_report(
    preprocess_image: str, bank_csv: Path, encoded: dict[str, bytes], tmp_path: Path
) -> None:
    base = "\n".join(bank_csv.read_text(encoding="utf-8").splitlines()[:3]) + "\n"
    lines = "".join(line.replace('"no"', '"perhaps"') for line in list(merged(encoded))[:49])

    outcome = made_of(preprocess_image, tmp_path / "ml", base, encoded["encoder/encoder.json"], lines)

    assert outcome.exit_code == 1
    message = (tmp_path / "ml/output/message").read_text(encoding="utf-8")
    assert says(message, documented_messages()["captured rows are too few"]), message
    assert list(outputs_of(tmp_path / "ml")) == [REPORT]
