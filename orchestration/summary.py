"""The last lines of a run: what came out, what it took, where it is, what to do next."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestration.answers import Answer
from orchestration.names import INCOMING, bucket_name, deploy_function_name, pipeline_name
from orchestration.project import Project
from orchestration.run_record import RunRecord
from orchestration.settings import ROOT, Settings

SHOWN_METRICS = ("accuracy", "auc", "f1", "precision", "recall")
SHOWN_FEATURES = 3


def summary(
    project: Project, record: RunRecord, answers: Sequence[Answer], build_dir: Path
) -> Iterator[tuple[str, ...]]:
    """Rows of a table, label first."""
    yield ("",)
    yield ("answers", "predicted", "probability", "actual", "")
    for answer in answers:
        known = ", ".join(f"{key} {value}" for key, value in list(answer.row.items())[:SHOWN_FEATURES])
        yield ("", answer.predicted, f"{answer.probability:.4f}", answer.actual, f"{known}, …")
    yield ("",)
    for name in SHOWN_METRICS:
        if name in record.metrics:
            limit = f"   threshold {record.threshold[name]:.4f}" if name in record.threshold else ""
            yield (name, f"{record.metrics[name]:.4f}{limit}")
    if record.data.get("synthetic"):
        yield ("", "on synthetic rows: these figures say nothing about real clients")
    overhead = record.overhead
    yield (
        "time",
        f"{overhead['total_seconds']:.1f} s, of which containers {overhead['container_seconds']:.1f} s "
        f"and work in them {overhead['work_seconds']:.1f} s",
    )
    yield ("model", f"{record.model_uri}  model.ubj sha256 {(record.model_digest or '')[:12]}…")
    if record.model_package:
        yield from _on_sagemaker(project, record)
    yield ("report", shown(build_dir / "report" / project.name / "report.html"))
    yield ("figures", shown(build_dir / "run.json"))
    yield ("log", shown(Path(record.log)))


def _on_sagemaker(project: Project, record: RunRecord) -> Iterator[tuple[str, ...]]:
    package = record.model_package
    yield ("version", f"{package['arn']}  {package['status']}")
    yield ("evaluation", package["evaluation"])
    yield ("endpoint", f"{record.endpoint['name']} serves version {package['version']} until make down")
    yield ("pipeline", f"{pipeline_name(project.name)}, {shown(Path(record.pipeline['definition']))}")
    yield (
        "logs",
        f"make logs JOB={record.endpoint['name']}, "
        f"aws logs tail /aws/lambda/{deploy_function_name(project.name)}",
    )


def next_steps(project: Project, record: RunRecord, settings: Settings) -> Iterator[str]:
    """Commands to go on with, whole, so that they can be copied."""
    version, endpoint = record.model_package["version"], record.endpoint["name"]
    yield ""
    yield f"  make reject PROJECT={project.name} VERSION={version}    # back to the newest one still approved"
    yield f"  aws s3 cp rows.csv s3://{bucket_name(project.name)}/{INCOMING}    # makes a pending version"
    yield f"  make approve PROJECT={project.name}    # the newest pending version, which is then deployed"
    if project.monitoring is not None:
        yield f"  make monitor PROJECT={project.name}    # compares with the baselines, each hour"
    yield (
        f"  curl --aws-sigv4 aws:amz:{settings.region}:sagemaker --user test:test "
        f"-H 'Content-Type: application/json' -d '{_request(record)}' "
        f"{settings.endpoint_url}/endpoints/{endpoint}/invocations"
    )


def _request(record: RunRecord) -> str:
    """The first row that was asked, by its names."""
    return json.dumps({"instances": [record.endpoint["answers"][0]["row"]]})


def shown(path: Path) -> str:
    """`path` as a person in the project's folder would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
