"""Points at which a test lets the process die."""

import signal
import subprocess
import sys
from pathlib import Path

from slipway.faults import FaultPoint, Faults

from scripts.commands import ROOT

PROGRAM = """
import sys
from pathlib import Path
from slipway.faults import FaultPoint, Faults
faults = Faults(FaultPoint.AFTER_STAGING, Path(sys.argv[1]))
faults.at(FaultPoint.AFTER_CREATE)
print("past another point", flush=True)
faults.at(FaultPoint.AFTER_STAGING)
print("past the point", flush=True)
"""


def run(marks: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(marks)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "emulator",
    )


def test_the_process_dies_at_its_point_and_the_next_one_gets_past_it(tmp_path: Path) -> None:
    first, second = run(tmp_path), run(tmp_path)

    assert (first.returncode, first.stdout) == (-signal.SIGKILL, "past another point\n")
    assert (second.returncode, second.stdout) == (0, "past another point\npast the point\n")


def test_without_a_point_nobody_dies(tmp_path: Path) -> None:
    for point in FaultPoint:
        Faults(None, tmp_path).at(point)

    assert list(tmp_path.iterdir()) == []
