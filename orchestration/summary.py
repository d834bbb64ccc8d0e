"""The last lines of a run: what came out, what it took, where it is, what to do next."""

import json
from collections.abc import Iterator
from pathlib import Path

from orchestration.kinds import kind_of
from orchestration.kinds.kind import Answers
from orchestration.names import INCOMING, bucket_name, deploy_function_name, pipeline_name
from orchestration.project import Project
from orchestration.run_record import RunRecord
from orchestration.settings import ROOT, Settings


def summary(project: Project, record: RunRecord, build_dir: Path) -> Iterator[tuple[str, ...]]:
    """Rows of a table, label first."""
    yield ("",)
    kind = kind_of(project)
    for name in kind.shown_metrics:
        if name in record.metrics:
            limit = f"   threshold {record.threshold[name]:.4f}" if name in record.threshold else ""
            yield (name, f"{record.metrics[name]:.4f}{limit}")
    if record.data.get("synthetic"):
        yield ("", f"on synthetic rows: these figures say nothing about {kind.what_is_real}")
    overhead = record.overhead
    yield (
        "time",
        f"{overhead['total_seconds']:.1f} s, of which containers {overhead['container_seconds']:.1f} s "
        f"and work in them {overhead['work_seconds']:.1f} s",
    )
    yield ("model", f"{record.model_uri}  {kind.model_file} sha256 {(record.model_digest or '')[:12]}…")
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


def next_steps(project: Project, record: RunRecord, answers: Answers, settings: Settings) -> Iterator[str]:
    """Commands to go on with, whole, so that they can be copied."""
    version, endpoint = record.model_package["version"], record.endpoint["name"]
    yield ""
    yield f"  make reject PROJECT={project.name} VERSION={version}    # back to the newest one still approved"
    yield f"  aws s3 cp rows.csv s3://{bucket_name(project.name)}/{INCOMING}    # makes a pending version"
    yield from kind_of(project).more_steps()
    yield f"  make approve PROJECT={project.name}    # the newest pending version, which is then deployed"
    if project.monitoring is not None:
        yield f"  make monitor PROJECT={project.name}    # {kind_of(project).what_monitors_do}"
    yield (
        f"  curl --aws-sigv4 aws:amz:{settings.region}:sagemaker --user test:test "
        f"-H 'Content-Type: application/json' -d '{json.dumps(answers.request())}' "
        f"{settings.endpoint_url}/endpoints/{endpoint}/invocations"
    )


def shown(path: Path) -> str:
    """`path` as a person in the project's folder would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
