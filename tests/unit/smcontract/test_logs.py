import re
import subprocess
import sys

PROGRAM = """
import logging
from smcontract.logs import configure_logging
logging.basicConfig(format="earlier %(message)s")
configure_logging()
log = logging.getLogger("job")
log.info("split.done rows=%d", 3)
log.debug("unwanted")
log.warning("late")
"""
STAMP = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z"


def logged(program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    path = ":".join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": path, **environ},
    )


def test_lines_go_to_stdout_with_time_level_and_event() -> None:
    outcome = logged(PROGRAM)

    assert outcome.stderr == ""
    info, warning = outcome.stdout.splitlines()
    assert re.fullmatch(f"{STAMP} INFO split.done rows=3", info)
    assert re.fullmatch(f"{STAMP} WARNING late", warning)


def test_the_time_is_utc_wherever_the_container_runs() -> None:
    # 1 January 1970 began at the epoch, in UTC alone.
    program = (
        "import logging, sys\n"
        "from smcontract.logs import configure_logging\n"
        "configure_logging()\n"
        "record = logging.LogRecord('job', logging.INFO, '', 0, 'start', (), None)\n"
        "record.created = record.msecs = 0.0\n"
        "logging.getLogger().handle(record)\n"
    )

    assert logged(program, TZ="Asia/Tokyo").stdout == "1970-01-01T00:00:00.000Z INFO start\n"
