"""`python -m orchestration`: run a project's pipeline, fetch its data, write its definition."""

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TextIO

from orchestration.console import Console, table
from orchestration.data_source import choose, sha256_of
from orchestration.errors import OrchestrationError
from orchestration.settings import ROOT, Settings

PROCESS_STARTED = time.monotonic()
INTERRUPTED = 130


def main() -> int:
    """Do what the arguments ask for; returns the exit code."""
    arguments = _parser().parse_args()
    settings = Settings.from_environ(os.environ)
    # Before the SDK is imported: it reads these then.
    os.environ.update(settings.for_sdk())
    try:
        if arguments.command == "data":
            return data(arguments)
        if arguments.command == "definition":
            return definition(arguments, settings)
        return run(arguments, settings)
    except OrchestrationError as error:
        print(f"\nslipway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nslipway: interrupted; everything of this run has been stopped and removed", file=sys.stderr)
        return INTERRUPTED


def data(arguments: argparse.Namespace) -> int:
    """Download and verify the project's real rows."""
    from orchestration.download import download
    from orchestration.project import load_project

    facts = load_project(arguments.project).data
    print(f"data: fetching {arguments.url or facts.url}", flush=True)
    file = download(arguments.project, facts, arguments.build_dir, arguments.url)
    print(
        f"data: {file.name}, {facts.rows:,} rows, sha256 {sha256_of(file)[:6]}…, verified, in {file.parent}"
    )
    print(f"      {facts.citation} Licence: {facts.licence}")
    return 0


def definition(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the pipeline's definition."""
    from orchestration.project import load_project

    project = load_project(arguments.project, tuple(arguments.set))
    file = arguments.build_dir / "pipelines" / f"{project.name}.json"
    log = arguments.build_dir / "logs" / f"definition-{project.name}.log"
    with quiet(log):
        from orchestration.clients import boto_session
        from orchestration.images import references
        from orchestration.pipelines.training import capture_session, training_pipeline
        from orchestration.run import export

        bucket = f"slipway-{project.name}"
        session = capture_session(boto_session(settings), bucket)
        images = references(project, settings)
        export(training_pipeline(project, session, bucket, settings.role_arn, images).pipeline, file)
    print(file)
    return 0


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the pipeline and let the model answer."""
    from orchestration.project import load_project

    project = load_project(arguments.project, tuple(arguments.set))
    build_dir: Path = arguments.build_dir
    source = choose(project.name, settings, build_dir, arguments.data)
    console = Console(sys.stdout)
    if not arguments.announced:
        console.line(source.line)
    log = build_dir / "logs" / f"run-{project.name}.log"
    for number in (signal.SIGTERM, signal.SIGINT):
        # Also where the parent, a shell's background job for one, had them ignored.
        signal.signal(number, _interrupt)
    with quiet(log):
        console.step("sdk")
        from orchestration.containers import image_digest
        from orchestration.images import references
        from orchestration.run import Run
        from orchestration.run_record import RunRecord

        console.done("SageMaker Python SDK v3, local mode")
        record = RunRecord(project.name, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", str(log))
        record.note_data(source)
        record.threshold = {project.metric.name: project.metric.threshold}
        try:
            images = references(project, settings)
            record.images = {name: image_digest(reference) for name, reference in images.items()}
            answers = Run(project, settings, images, build_dir, console, record).execute(source)
            record.status = "Succeeded"
        except KeyboardInterrupt:
            record.status, record.failure_reason = "Stopped", "interrupted"
            raise
        except OrchestrationError as error:
            record.status, record.failure_reason = "Failed", str(error)
            raise OrchestrationError(f"{error}\n  Full log: {log}") from error
        except Exception as error:
            record.status, record.failure_reason = "Failed", f"{type(error).__name__}: {error}"
            logging.getLogger(__name__).exception("run.failed project=%s", project.name)
            raise OrchestrationError(f"{record.failure_reason}\n  Full log: {log}") from error
        finally:
            record.note_overhead(time.monotonic() - PROCESS_STARTED)
            record.write(build_dir / "run.json")
    from orchestration.summary import summary

    for line in table(summary(project, record, answers, build_dir)):
        console.line(line)
    return 0


@contextlib.contextmanager
def quiet(log: Path) -> Iterator[None]:
    """Send all that the SDK and its containers print, log and warn to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8", buffering=1) as file, warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.basicConfig(
            level=logging.INFO,
            stream=file,
            format="%(asctime)s %(levelname)s %(name)s %(message)s",
            force=True,
        )
        # A thread of the SDK dies with a traceback when an endpoint's container ends.
        threading.excepthook = lambda hook: _log_thread(file, hook)
        with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
            yield
        logging.basicConfig(level=logging.WARNING, force=True)


def _log_thread(file: TextIO, hook: threading.ExceptHookArgs) -> None:
    if not file.closed:
        file.write(f"{hook.exc_type.__name__}: {hook.exc_value}\n")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "run the training pipeline under local mode, then ask the model"),
        ("data", "download and verify the project's real rows"),
        ("definition", "write the pipeline's definition as JSON"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--project", default="bank")
        command.add_argument("--build-dir", type=Path, default=ROOT / "build", help="where files are written")
        if name == "data":
            command.add_argument("--url", help="another address of the same archive; checked all the same")
        else:
            command.add_argument(
                "--set",
                action="append",
                default=[],
                metavar="KEY=VALUE",
                help="instead of project.yaml's value",
            )
        if name == "run":
            command.add_argument("--data", help="a file of rows: CSV (also gzipped) or Parquet")
            command.add_argument(
                "--announced",
                action="store_true",
                help="the line that names the data has been printed already",
            )
    return parser


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is written and stopped; taking the SDK's modules apart would take another second.
    os._exit(code)
