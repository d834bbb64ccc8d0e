"""An SDK waits for a pipeline while the emulator is killed again and again."""

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from scripts.commands import ROOT
from tests.support.emulator import Emulator
from tests.support.job_starts import counted_starts
from tests.support.localstack_calls import fresh
from tests.support.sdk_pipelines import Facts, Request
from tests.support.sdk_shell import environment
from tests.support.sdk_v3_diamond import BEGUN, FOLDER, STEPS, release_of

SEED = 5
# How often after a step may end; at least one of ten hits each change of the diamond.
KILLS = {"Top": 3, "Left": 2, "Right": 3, "Bottom": 2}
LONGEST_LIFE_SECONDS = 1.2
PROGRAM_SECONDS = 600


@contextmanager
def waiting_sdk(emulator: Emulator, asked: Request, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """The SDK's program, which has begun an execution and waits for it."""
    # A client that is to outlive ten restarts has to ask more often than four times. Not in mode
    # `standard`: its quota lets a client ask again 35 times in all, which slow restarts use up.
    retries = {"AWS_RETRY_MODE": "legacy", "AWS_MAX_ATTEMPTS": "12"}
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.support.sdk_v3_diamond", str(folder / "ended.json")],
        cwd=ROOT,
        env=environment(emulator.localstack.endpoint_url, folder) | retries,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with program:
        try:
            assert program.stdin is not None
            assert program.stdout is not None
            program.stdin.write(json.dumps(asdict(asked)))
            program.stdin.close()
            printed = list(until(BEGUN, program.stdout))
            assert printed[-1].strip() == BEGUN, "".join(printed)[-4000:]
            yield program
        finally:
            program.kill()


def until(line: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines up to this one."""
    for each in lines:
        yield each
        if each.strip() == line:
            return


def attempts(execution: Facts) -> dict[str, int]:
    """How often each step was tried, by its own account."""
    return {step["StepName"]: step["AttemptCount"] for step in execution["steps"]}


def test_ten_kills_of_the_emulator_run_no_step_twice_and_lose_none(
    emulator: Emulator, bucket: str, preprocess_image: str, tmp_path: Path
) -> None:
    asked = Request(fresh("kills"), f"s3://{bucket}/data", preprocess_image, "", {})
    lives = random.Random(SEED)

    with counted_starts() as starts, waiting_sdk(emulator, asked, tmp_path) as program:
        for step in STEPS:
            emulator.s3.put_object(Bucket=bucket, Key=f"data/{release_of(step)}", Body=b"")
            for _ in range(KILLS[step]):
                # No synchronisation: the moment of the kill is what is tried.
                threading.Event().wait(lives.uniform(0, LONGEST_LIFE_SECONDS))
                emulator.kill()
                emulator.restart()
        assert program.stdout is not None
        printed = program.stdout.read()
        program.wait(PROGRAM_SECONDS)

    assert program.returncode == 0, printed[-4000:]
    execution: Facts = json.loads((tmp_path / "ended.json").read_text("utf-8"))
    assert (execution["status"], execution["waiting"]) == ("Succeeded", ""), execution["steps"]
    jobs = {step["StepName"]: step["Metadata"]["ProcessingJob"]["Arn"] for step in execution["steps"]}
    assert {name: starts[arn] for name, arn in jobs.items()} == dict.fromkeys(STEPS, 1)
    assert attempts(execution) == dict.fromkeys(STEPS, 1)
    # What each was given has come through: the sides had the top's, and the bottom both.
    text = emulator.s3.get_object(Bucket=bucket, Key=f"data/{FOLDER}/Bottom/text.txt")["Body"].read()
    assert Counter(text.decode().split()) == {"Top": 2, "Left": 1, "Right": 1, "Bottom": 1}
