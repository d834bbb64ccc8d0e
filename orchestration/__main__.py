"""`python -m orchestration`: run a project's pipeline, decide about its versions, fetch its data."""

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
from typing import TYPE_CHECKING, TextIO

from orchestration.arguments import SDK_LOCAL, parser
from orchestration.console import Console, table
from orchestration.data_source import DataSource, choose, sha256_of
from orchestration.errors import DataError, OrchestrationError
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.kinds.kind import Answers
    from orchestration.project import Project
    from orchestration.run_record import RunRecord

PROCESS_STARTED = time.monotonic()
INTERRUPTED = 130


def main() -> int:
    """Do what the arguments ask for; returns the exit code."""
    arguments = parser().parse_args()
    settings = Settings.from_environ(os.environ)
    # Before the SDK is imported: it reads these then.
    os.environ.update(settings.for_sdk())
    command = {
        "data": data,
        "definition": definition,
        "drift": drift,
        "api-document": api_document,
        "approve": decision,
        "reject": decision,
        "features": features,
        "images": images,
        "monitor": monitor,
        "run": run,
    }[arguments.command]
    try:
        return command(arguments, settings)
    except OrchestrationError as error:
        print(f"\nslipway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nslipway: interrupted; what this run was at work on has been stopped", file=sys.stderr)
        return INTERRUPTED


def data(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Download and verify the project's real rows."""
    from orchestration.download import download
    from orchestration.project_file import load_project

    facts = load_project(arguments.project).data
    if facts is None:
        raise DataError(
            f"the rows of {arguments.project} are not published anywhere; give DATA=path/to/rows.csv, or "
            "let `make run` make some"
        )
    print(f"data: fetching {arguments.url or facts.url}", flush=True)
    file = download(arguments.project, facts, arguments.build_dir, arguments.url)
    print(
        f"data: {file.name}, {facts.rows:,} rows, sha256 {sha256_of(file)[:6]}…, verified, in {file.parent}"
    )
    print(f"      {facts.citation} Licence: {facts.licence}")
    return 0


def definition(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the pipeline's definition."""
    from orchestration.definition import training_definition
    from orchestration.images import references
    from orchestration.project_file import load_project

    project = load_project(arguments.project, tuple(arguments.set))
    with quiet(arguments.build_dir / "logs" / f"definition-{project.name}.log"):
        written = training_definition(project, settings, references(project, settings), arguments.build_dir)
    print(written.file)
    return 0


def api_document(arguments: argparse.Namespace, settings: Settings) -> int:
    """Store the inference API's document of the project."""
    from orchestration.api_document import store_api_document
    from orchestration.project_file import load_project

    with _in_plain_words():
        print(store_api_document(load_project(arguments.project), settings))
    return 0


def images(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Print the images' names."""
    from orchestration.images import names
    from orchestration.project_file import load_project

    print(*names(load_project(arguments.project)))
    return 0


def decision(arguments: argparse.Namespace, settings: Settings) -> int:
    """Approve or reject a version, and see the endpoint follow."""
    from orchestration.decision import decide, next_lines
    from orchestration.model_registry import APPROVED, REJECTED
    from orchestration.project_file import load_project
    from orchestration.summary import shown

    project = load_project(arguments.project)
    status = APPROVED if arguments.command == "approve" else REJECTED
    console = Console(sys.stdout)
    file = arguments.build_dir / f"{arguments.command}.json"
    with _in_plain_words():
        try:
            record = decide(project, settings, arguments.version, status, console, file)
        finally:
            # Of a line that is still open; one that has ended stays as it is.
            console.failed()
    for line in table(next_lines(record, shown(file))):
        console.line(line)
    return 0


def features(arguments: argparse.Namespace, settings: Settings) -> int:
    """List the project's feature groups, or delete one."""
    from orchestration.feature_groups import features, lines
    from orchestration.project_file import load_project
    from orchestration.summary import shown

    console = Console(sys.stdout)
    file = arguments.build_dir / "features.json"
    with _in_plain_words():
        try:
            record = features(load_project(arguments.project), settings, arguments.delete, console, file)
        finally:
            console.failed()
    for line in table([*lines(record), ("",), ("figures", shown(file))]):
        console.line(line)
    return 0


def monitor(arguments: argparse.Namespace, settings: Settings) -> int:
    """Watch the project's endpoint, or have nobody watch it any more."""
    from orchestration.clients import Aws
    from orchestration.images import references
    from orchestration.monitor import monitor, stop
    from orchestration.monitor_record import lines
    from orchestration.monitors import Monitors
    from orchestration.project_file import load_project

    overrides = [f"monitoring.by={arguments.by}"] if arguments.by else []
    project = load_project(arguments.project, (*arguments.set, *overrides))
    console = Console(sys.stdout)
    file = arguments.build_dir / "monitor.json"
    with quiet(arguments.build_dir / "logs" / f"monitor-{project.name}.log"), _in_plain_words():
        monitors = Monitors(Aws(settings), project, references(project, settings), arguments.build_dir)
        try:
            if arguments.stop:
                stop(monitors, console)
                return 0
            record = monitor(monitors, console, file)
        finally:
            console.failed()
    for line in table(lines(record, file)):
        console.line(line)
    return 0


def drift(arguments: argparse.Namespace, settings: Settings) -> int:
    """Send live rows with a change in them, and look on."""
    from orchestration.drift import carried_out
    from orchestration.drift_record import Drill, summary
    from orchestration.project_file import load_tabular
    from orchestration.summary import shown

    project = load_tabular(arguments.project, tuple(arguments.set))
    console = Console(sys.stdout)
    file = arguments.build_dir / "drift.json"
    log = arguments.build_dir / "logs" / f"drift-{project.name}.log"
    drill = Drill(
        kind=arguments.kind,
        rows=arguments.rows,
        seed=arguments.seed,
        follow=arguments.follow,
        api_url=arguments.api_url,
        api_key_file=arguments.api_key_file,
        emulator_port=arguments.emulator_port,
    )
    with quiet(log), _in_plain_words():
        try:
            record = carried_out(drill, project, settings, arguments.build_dir, console, file)
        finally:
            console.failed()
    for line in table(summary(record, shown(file))):
        console.line(line)
    return 0


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the pipeline and let the model answer."""
    from orchestration.project_file import load_project
    from orchestration.run_record import RunRecord

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
    record = RunRecord(project.name, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", str(log), arguments.mode)
    record.note_data(source)
    record.threshold = {project.metric.name: project.metric.threshold}
    execute = _execute_locally if arguments.mode == SDK_LOCAL else _execute
    with quiet(log):
        try:
            answers = execute(arguments, project, settings, console, record, source)
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
            if record.status != "Succeeded":
                console.failed()
            record.note_overhead(time.monotonic() - PROCESS_STARTED)
            record.write(build_dir / "run.json")
    _sum_up(project, record, answers, settings, console, build_dir)
    return 0


def _execute(
    arguments: argparse.Namespace,
    project: "Project",
    settings: Settings,
    console: Console,
    record: "RunRecord",
    source: DataSource,
) -> "Answers":
    from orchestration.images import references
    from orchestration.run import Run

    record.images = references(project, settings)
    run = Run(project, settings, dict(record.images), arguments.build_dir, console, record, arguments.fresh)
    return run.execute(source)


def _execute_locally(
    arguments: argparse.Namespace,
    project: "Project",
    settings: Settings,
    console: Console,
    record: "RunRecord",
    source: DataSource,
) -> "Answers":
    console.step("sdk")
    from orchestration.containers import image_digest
    from orchestration.images import references
    from orchestration.local_run import LocalRun

    console.done("SageMaker Python SDK v3, local mode")
    # No endpoint of local mode is watched.
    found = references(project.without_services(), settings)
    record.images = {name: image_digest(reference) for name, reference in found.items()}
    return LocalRun(project, settings, found, arguments.build_dir, console, record).execute(source)


def _sum_up(
    project: "Project",
    record: "RunRecord",
    answers: "Answers",
    settings: Settings,
    console: Console,
    build_dir: Path,
) -> None:
    from orchestration.summary import next_steps, summary

    console.line()
    for line in [*table(answers.rows()), *table(summary(project, record, build_dir))]:
        console.line(line)
    if record.model_package:
        for line in next_steps(project, record, answers, settings):
            console.line(line)


@contextlib.contextmanager
def _in_plain_words() -> Iterator[None]:
    """A service that does not answer, or refuses, is no traceback."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except BotoCoreError as error:
        raise OrchestrationError(
            f"SageMaker does not answer ({error}); `make up` starts the local one"
        ) from error
    except ClientError as error:
        raise OrchestrationError(f"SageMaker refuses: {error}") from error


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


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is written and stopped; taking the SDK's modules apart would take another second.
    os._exit(code)
