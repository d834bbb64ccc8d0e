import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.commands import (
    ROOT,
    SetupError,
    capture,
    logged,
    relative,
    run_main,
    tail,
    timed_step,
    wait_until,
)


class Life:
    """Of a program that says `started` into a pipe and keeps it open: the end of the pipe is its end."""

    def __init__(self, pipe: Path) -> None:
        self.pipe = pipe
        os.mkfifo(pipe)
        self.reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def has_begun(self) -> bool:
        return self._read() == b"started\n"

    def is_over(self) -> bool:
        return self._read() == b""

    def _read(self) -> bytes | None:
        try:
            return os.read(self.reader, 100)
        except BlockingIOError:
            return None


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path / "life")
    yield life
    os.close(life.reader)


def test_what_a_program_said_is_returned() -> None:
    said = capture(["sh", "-c", "echo out; echo err >&2; exit 3"])

    assert (said.returncode, said.stdout, said.stderr) == (3, "out\n", "err\n")


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert capture(["printf", r"a\377b"]).stdout == "a�b"


def test_a_missing_program_counts_as_127_and_is_named() -> None:
    # 127: POSIX shell, "command not found".
    said = capture(["no-such-program"])

    assert said.returncode == 127
    assert "no-such-program" in said.stderr


def test_a_program_that_may_not_be_run_counts_as_127_too(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("", encoding="utf-8")

    said = capture([str(tmp_path / "docker")])

    assert said.returncode == 127
    assert "Permission denied" in said.stderr


def test_no_answer_in_time_is_124_and_ends_the_programs_children(life: Life) -> None:
    # 124: timeout(1).
    said = capture(["sh", "-c", f"(echo started; exec sleep 60) > {life.pipe} & wait"], timeout_seconds=2)

    assert (said.returncode, said.stderr) == (124, "no answer within 2 s")
    assert life.has_begun()
    assert wait_until(life.is_over, timeout_seconds=10)


def test_a_log_gets_the_command_and_all_it_prints(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "build.log"

    assert logged(["sh", "-c", "echo out; echo err >&2; exit 3"], log) == 3
    assert logged(["printenv", "NAME"], log, {**os.environ, "NAME": "value"}) == 0

    assert log.read_text(encoding="utf-8").splitlines() == [
        "$ sh -c echo out; echo err >&2; exit 3",
        "out",
        "err",
        "$ printenv NAME",
        "value",
    ]


def test_a_log_names_the_program_that_is_missing(tmp_path: Path) -> None:
    assert logged(["no-such-program"], tmp_path / "log") == 127
    assert "no-such-program" in tail(tmp_path / "log", lines=1)


def test_the_tail_of_a_log_is_its_last_lines_indented(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\ntwo\nthree \xff\n")

    assert tail(tmp_path / "log", lines=2) == "    two\n    three �"


def test_a_log_that_nobody_wrote_has_no_tail(tmp_path: Path) -> None:
    assert tail(tmp_path / "log") == ""


def test_paths_are_shown_as_a_person_in_the_project_would_type_them() -> None:
    assert relative(ROOT / "build" / "logs") == "build/logs"
    assert relative(Path("/etc/apt")) == "/etc/apt"


def test_a_condition_that_comes_true_is_waited_for() -> None:
    looks = iter([False, False, True])

    assert wait_until(lambda: next(looks), timeout_seconds=60, interval_seconds=0)
    assert list(looks) == []


def test_a_condition_is_looked_at_once_even_without_time() -> None:
    assert wait_until(lambda: True, timeout_seconds=0)
    assert not wait_until(lambda: False, timeout_seconds=0)


def test_a_step_says_its_label_and_its_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert timed_step("docker", lambda: "engine 27") == "engine 27"
    assert capsys.readouterr().out == "  docker       engine 27\n"


def test_a_verb_ends_with_the_code_of_its_main() -> None:
    with pytest.raises(SystemExit) as ended:
        run_main(lambda: 3)

    assert ended.value.code == 3


def test_a_setup_error_becomes_words_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        raise SetupError("no engine.\n  Start it.")

    with pytest.raises(SystemExit) as ended:
        run_main(main)

    assert ended.value.code == 1
    assert capsys.readouterr().err == "\nslipway: no engine.\n  Start it.\n"


def test_an_interrupted_verb_ends_what_it_waits_for_and_says_so(
    install: Callable[[str, str], None], life: Life
) -> None:
    install("docker", f"exec > {life.pipe}; echo started; exec sleep 60")
    # A shell's background job begins with SIGINT ignored; a verb at a terminal does not.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from scripts.commands import capture, run_main\n"
        "run_main(lambda: capture(['docker']).returncode)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as verb:
        assert wait_until(life.has_begun, timeout_seconds=30)
        verb.send_signal(signal.SIGINT)
        _, stderr = verb.communicate(timeout=30)

    # 130 = 128 + SIGINT, as shells count it.
    assert (verb.returncode, stderr) == (130, "\nslipway: interrupted\n")
    assert wait_until(life.is_over, timeout_seconds=10)
