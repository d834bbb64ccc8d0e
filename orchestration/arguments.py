"""What `python -m orchestration` may be asked."""

import argparse
from pathlib import Path

from orchestration.drift_kind import Kind
from orchestration.settings import ROOT
from scripts.clock import DEFAULT_PORT

DESCRIPTION = "Run a project's pipeline, decide about its models' versions, fetch its data."
# Which SageMaker runs the pipeline.
API, SDK_LOCAL = "api", "sdk-local"
API_URL = "http://localhost:8000"


def parser() -> argparse.ArgumentParser:
    """The parser of `python -m orchestration`."""
    program = argparse.ArgumentParser(prog="python -m orchestration", description=DESCRIPTION)
    commands = program.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "run the training pipeline, register, approve and deploy the model, then ask it"),
        ("approve", "approve a version of the model, which is then deployed"),
        ("reject", "reject a version of the model; the endpoint goes back to the newest approved one"),
        ("data", "download and verify the project's real rows"),
        ("features", "list the project's feature groups, or delete one"),
        ("monitor", "watch the project's endpoint each hour or day, and look at the newest one now"),
        ("drift", "send live rows with a change in them, and see what the monitors say and start"),
        ("images", "print the names of the images that the project uses"),
        ("definition", "write the pipeline's definition as JSON"),
        ("api-document", "store what the inference API must know of the project, and print its URI"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--project", required=True)
        command.add_argument("--build-dir", type=Path, default=ROOT / "build", help="where files are written")
        if name in ("run", "definition", "monitor", "drift"):
            command.add_argument(
                "--set",
                action="append",
                default=[],
                metavar="KEY=VALUE",
                help="instead of project.yaml's value",
            )
        if name in ("approve", "reject"):
            command.add_argument(
                "--version", type=int, help="its number; the newest that waits for a decision by default"
            )
        if name == "features":
            command.add_argument("--delete", metavar="NAME", help="delete this group")
        if name == "data":
            command.add_argument("--url", help="another address of the same archive; checked all the same")
        if name == "run":
            _add_run_arguments(command)
        if name == "monitor":
            _add_monitor_arguments(command)
        if name == "drift":
            _add_drift_arguments(command)
    return program


def _add_run_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", help="a file of rows: CSV (also gzipped) or Parquet")
    command.add_argument(
        "--mode",
        choices=[API, SDK_LOCAL],
        default=API,
        help=f"{API}: SageMaker's own API at AWS_ENDPOINT_URL; {SDK_LOCAL}: the SDK's local mode",
    )
    command.add_argument(
        "--fresh", action="store_true", help="take no step from an earlier execution's outputs"
    )
    command.add_argument(
        "--announced", action="store_true", help="the line that names the data has been printed already"
    )


def _add_monitor_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--by",
        choices=["pipeline", "schedule"],
        help="who starts the monitors, instead of project.yaml's monitoring.by: pipelines of EventBridge "
        "Scheduler's, or SageMaker's own monitoring schedules",
    )
    command.add_argument("--stop", action="store_true", help="have nobody start them any more")


def _add_drift_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kind", type=Kind, choices=list(Kind), default=Kind.AGE, help="what changes")
    command.add_argument("--rows", type=int, default=100, help="how many rows are sent")
    command.add_argument("--seed", type=int, default=0, help="chooses the rows and what is added to them")
    command.add_argument("--api-url", default=API_URL, help="where the inference API answers")
    command.add_argument(
        "--api-key-file",
        type=Path,
        default=ROOT / "build" / "api.key",
        help="a client's key; make api makes one",
    )
    command.add_argument("--emulator-port", default=DEFAULT_PORT, help="where the clock is that is moved")
    command.add_argument(
        "--only-started",
        dest="follow",
        action="store_false",
        help="leave once a retraining has started; nobody waits for its model",
    )
