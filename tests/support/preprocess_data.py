"""A small project for the preprocess image: seeded raw rows, and /opt/ml around them.

`client` is another number in each row and is not scaled, so that a row can be
recognised in whatever part it went to. No row has the job `unemployed`.
"""

import csv
import io
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.job_roots import write_json

ROW_COUNT = 600
JOBS = {
    "admin.": "job_admin",
    "blue-collar": "job_blue_collar",
    "student": "job_student",
    "unemployed": "job_unemployed",
}
CITIES = {"Bern; CH": "city_bern", 'the "Hague", NL': "city_hague", "São Paulo": "city_sao_paulo"}
COLUMNS = ("age", "job", "rate", "city", "client", "y")
ENCODED_NAMES = ["age", "rate", "client", *JOBS.values(), *CITIES.values()]
POSITIVE, NEGATIVE = "yes", "no"
NAME = "clients.csv"

Row = dict[str, str]


def _categories(names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "encoded_name": column} for value, column in names.items()]


SCHEMA: dict[str, Any] = {
    "version": 1,
    "target": {"name": "y", "positive": POSITIVE, "negative": NEGATIVE},
    "features": [
        {"name": "age", "type": "Integral", "minimum": 18, "maximum": 95},
        {"name": "job", "type": "String", "categories": _categories(JOBS)},
        {"name": "rate", "type": "Fractional", "nullable": True},
        {"name": "city", "type": "String", "nullable": True, "categories": _categories(CITIES)},
        {"name": "client", "type": "Integral", "scaling": "none"},
    ],
}


def clients(count: int = ROW_COUNT) -> list[Row]:
    """Seeded rows with every kind of cell; a quarter is positive, one rate in ten is empty."""
    source = random.Random(1)
    return [
        {
            "age": str(source.randint(18, 95)),
            "job": source.choice([job for job in JOBS if job != "unemployed"]),
            "rate": "" if source.random() < 0.1 else repr(source.gauss(3, 2)),
            "city": source.choice(["", *CITIES]),
            "client": str(number),
            "y": NEGATIVE if number % 4 else POSITIVE,
        }
        for number in range(count)
    ]


def csv_text(
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[str] = COLUMNS,
    delimiter: str = ",",
    quoted: bool = False,
    line_end: str = "\n",
) -> str:
    """The rows as a CSV file with a header, in this dialect."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text,
        columns,
        delimiter=delimiter,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        lineterminator=line_end,
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_processing_root(
    root: Path,
    files: Mapping[str, str | bytes],
    schema: Mapping[str, Any] = SCHEMA,
    hosts: Sequence[str] = ("algo-1",),
) -> Path:
    """Prepare `root` as SageMaker prepares /opt/ml for a processing job with these data files."""
    inputs = root / "processing" / "input"
    for folder in (inputs / "data", inputs / "schema", root / "config", root / "output"):
        folder.mkdir(parents=True)
    for name in ("train", "validation", "test", "live", "keys", "encoder", "baseline", "schema", "report"):
        (root / "processing" / "output" / name).mkdir(parents=True)
    for name, content in files.items():
        (inputs / "data" / name).parent.mkdir(exist_ok=True)
        (inputs / "data" / name).write_bytes(content.encode() if isinstance(content, str) else content)
    write_json(inputs / "schema" / "schema.json", schema)
    write_json(root / "config" / "processingjobconfig.json", _job_config(len(hosts)))
    # Local mode and newer services write more keys than the documented two.
    resources = {"current_host": hosts[-1], "hosts": list(hosts), "current_instance_type": "local"}
    write_json(root / "config" / "resourceconfig.json", resources)
    return root


def open_to_everyone(root: Path) -> None:
    """Let any user read and write below `root`."""
    for path in (root, *root.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


def outputs_of(root: Path) -> dict[str, bytes]:
    """Every file below the output folder, hidden ones too, with its content."""
    folder = root / "processing" / "output"
    files = sorted(path for path in folder.rglob("*") if not path.is_dir())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def labelled_rows(content: bytes) -> list[list[str]]:
    """The cells of a channel's file, the label first."""
    return list(csv.reader(io.StringIO(content.decode())))


def raw_rows(content: bytes) -> list[Row]:
    """The rows of live.csv."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def _job_config(instance_count: int) -> dict[str, Any]:
    """The echoed request (developer guide, "Build Your Own Processing Container"); unset fields are null."""
    return {
        "ProcessingJobArn": "arn:aws:sagemaker:us-east-1:000000000000:processing-job/preprocess",
        "ProcessingJobName": "preprocess",
        "AppSpecification": {
            "ImageUri": "preprocess",
            "ContainerEntrypoint": None,
            "ContainerArguments": None,
        },
        "Environment": None,
        "ProcessingInputs": [
            {
                "InputName": name,
                "AppManaged": False,
                "S3Input": {
                    "LocalPath": f"/opt/ml/processing/input/{name}",
                    "S3Uri": f"s3://bucket/{name}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
                "DatasetDefinition": None,
            }
            for name in ("data", "schema")
        ],
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": instance_count,
                "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 30,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    }
