import errno
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from smcontract.entrypoint import JobKind, StopSignal, run_job
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def root(tmp_path: Path) -> ContainerRoot:
    (tmp_path / "output").mkdir()
    return ContainerRoot(tmp_path)


def raising(error: BaseException) -> Callable[[StopSignal], None]:
    def job(_stop: StopSignal) -> None:
        raise error

    return job


def left_behind(root: ContainerRoot) -> dict[str, str]:
    """What the job left in output/, by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in root.output.iterdir()}


def test_success_is_exit_code_0_and_leaves_no_text(root: ContainerRoot) -> None:
    assert run_job(lambda _stop: None, root, "training") == 0
    assert left_behind(root) == {}


def test_success_keeps_the_message_that_the_job_itself_left(root: ContainerRoot) -> None:
    # ExitMessage is shown for jobs that succeed too (developer guide, processing).
    def job(_stop: StopSignal) -> None:
        root.message_file.write_text("3 rows were dropped", encoding="utf-8")

    assert run_job(job, root, "processing") == 0
    assert left_behind(root) == {"message": "3 rows were dropped"}


@pytest.mark.parametrize(("kind", "file"), [("training", "failure"), ("processing", "message")])
def test_what_the_caller_can_mend_is_told_in_the_kinds_own_file_without_a_traceback(
    root: ContainerRoot, capfd: pytest.CaptureFixture[str], kind: JobKind, file: str
) -> None:
    # output/failure: guide, "How Amazon SageMaker Processes Training Output"; output/message:
    # "Build Your Own Processing Container". Both: any code but 0 is a failure.
    assert run_job(raising(ContractError("eta must be a number.")), root, kind) == 1

    assert left_behind(root) == {file: "eta must be a number."}
    assert capfd.readouterr().err == f"{kind.capitalize()} failed: eta must be a number.\n"


def test_what_nobody_expected_is_told_with_a_traceback_and_the_reason_last(
    root: ContainerRoot, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_job(raising(KeyError("age")), root, "training") == 1

    assert left_behind(root) == {"failure": "KeyError: 'age'"}
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "Training failed: KeyError: 'age'"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/opt/ml/model/model.ubj"),
            "No space left on device while writing /opt/ml/model/model.ubj; "
            "give the job a larger volume (VolumeSizeInGB).",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "No space left on device; give the job a larger volume (VolumeSizeInGB).",
        ),
        (
            MemoryError(),
            "Out of memory; choose an instance type with more memory, or send less data.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/opt/ml/model"),
            "PermissionError: [Errno 13] Permission denied: '/opt/ml/model'",
        ),
    ],
)
def test_a_machine_at_its_limits_is_told_with_the_way_out(
    root: ContainerRoot, error: Exception, reason: str
) -> None:
    assert run_job(raising(error), root, "training") == 1
    assert left_behind(root) == {"failure": reason}


def test_a_disk_that_is_really_full_is_named(root: ContainerRoot) -> None:
    # Linux: every write to this device fails with ENOSPC (full(4)).
    def job(_stop: StopSignal) -> None:
        Path("/dev/full").write_text("model", encoding="utf-8")

    assert run_job(job, root, "training") == 1
    assert left_behind(root)["failure"].startswith("No space left on device")


@pytest.mark.parametrize("code", [None, 0])
def test_a_job_that_ends_itself_well_has_succeeded(root: ContainerRoot, code: int | None) -> None:
    assert run_job(raising(SystemExit(code)), root, "processing") == 0
    assert left_behind(root) == {}


def test_wrong_arguments_are_a_failure(root: ContainerRoot) -> None:
    # argparse ends a program with 2 (Python library reference, exit_on_error).
    assert run_job(raising(SystemExit(2)), root, "processing") == 1
    assert "exit code 2" in left_behind(root)["message"]


def test_a_long_reason_is_cut_in_the_file_and_whole_on_stderr(
    root: ContainerRoot, capfd: pytest.CaptureFixture[str]
) -> None:
    reason = "é" * 2000

    run_job(raising(ContractError(reason)), root, "training")

    assert len(left_behind(root)["failure"].encode("utf-8")) <= 1024
    assert reason in capfd.readouterr().err


def test_nobody_asks_a_job_to_stop_at_its_start(root: ContainerRoot) -> None:
    seen: list[bool] = []

    run_job(lambda stop: seen.append(stop.requested), root, "training")

    assert seen == [False]


# StopTrainingJob sends SIGTERM (API reference); the guide's page on processing says SIGINT.
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_sees_that_it_shall_stop_and_may_still_end_well(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from smcontract.entrypoint import run_job\n"
        "from smcontract.root import ContainerRoot\n"
        "def job(stop):\n"
        "    print('waiting', flush=True)\n"
        "    while not stop.requested:\n"
        "        time.sleep(0.01)\n"
        "    Path(sys.argv[1], 'saved').write_text(stop.name)\n"
        "sys.exit(run_job(job, ContainerRoot(Path(sys.argv[1])), 'training'))\n"
    )
    path = ":".join(entry for entry in sys.path if entry)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        # The same code as any success: the service knows by itself that it stopped the job.
        assert process.wait(timeout=30) == 0

    assert (tmp_path / "saved").read_text(encoding="utf-8") == number.name
    assert not (tmp_path / "output").exists()
