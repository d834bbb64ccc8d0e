"""Seeded data for the monitor image, and /opt/ml around it."""

import csv
import io
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.preprocess_data import open_to_everyone

COLUMNS = ("age", "rate", "city", "note", "gone")
CITIES = ("Bern", "Rome", "Wien, alt", "Oslo")
INPUT, OUTPUT = "/opt/ml/processing/input/data", "/opt/ml/processing/output"
BASELINE = "/opt/ml/processing/baseline"

Row = dict[str, str]


def rows(count: int = 3000, seed: int = 1) -> list[Row]:
    """Whole numbers, fractions with gaps, few categories, a text for each row, a column without values."""
    source = random.Random(seed)
    return [
        {
            "age": str(source.randint(18, 90)),
            "rate": "" if source.random() < 0.1 else repr(source.gauss(-1, 3)),
            "city": source.choices(CITIES, weights=(5, 3, 2, 1))[0],
            "note": f"note {number}",
            "gone": "",
        }
        for number in range(count)
    ]


def csv_text(
    table: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS, header: bool = True
) -> str:
    """The rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    if header:
        writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def json_lines(table: Iterable[Mapping[str, str]]) -> str:
    """The rows as JSON Lines, numbers as numbers and gaps as null."""
    numeric = ("age", "rate")
    objects = (
        {
            name: (json.loads(value) if name in numeric else value) if value else None
            for name, value in row.items()
        }
        for row in table
    )
    return "".join(json.dumps(each) + "\n" for each in objects)


def captured(bodies: Iterable[tuple[str, str, str]], encoding: str = "CSV") -> str:
    """Captured calls: the time of each, the body that came and the one that went."""
    calls = (
        {
            "captureData": {
                "endpointInput": {
                    "observedContentType": "text/csv",
                    "mode": "INPUT",
                    "data": body,
                    "encoding": encoding,
                },
                "endpointOutput": {
                    "observedContentType": "text/csv",
                    "mode": "OUTPUT",
                    "data": answer,
                    "encoding": encoding,
                },
            },
            "eventMetadata": {"eventId": str(number), "inferenceTime": time},
            "eventVersion": "0",
        }
        for number, (time, body, answer) in enumerate(bodies)
    )
    return "".join(json.dumps(call) + "\n" for call in calls)


def write_monitoring_root(
    root: Path,
    files: Mapping[str, str | bytes],
    environment: Mapping[str, str],
    baseline: Mapping[str, str | bytes] | None = None,
) -> Path:
    """/opt/ml as a processing job of the monitor image finds it; `environment` in the job's request."""
    for name, content in files.items():
        _write(root / "processing" / "input" / "data" / name, content)
    for name, content in (baseline or {}).items():
        _write(root / "processing" / "baseline" / name, content)
    variables = {"dataset_source": INPUT, "output_path": OUTPUT, **environment}
    if baseline is not None:
        variables |= {f"baseline_{name.removesuffix('.json')}": f"{BASELINE}/{name}" for name in baseline}
    request = {"ProcessingJobName": "monitoring", "Environment": variables}
    _write(root / "config" / "processingjobconfig.json", json.dumps(request))
    for folder in ("processing/input/data", "processing/output", "output"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    open_to_everyone(root)
    return root


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def features(document: Any) -> dict[str, Any]:
    """The features of a statistics.json or constraints.json, by name."""
    return {feature["name"]: feature for feature in document["features"]}
