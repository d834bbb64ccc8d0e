"""The bank pipeline from one command, as a person runs it, against a running LocalStack."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import ROOT

FEW_ROUNDS = ("--set", "hyperparameters.num_round=40", "--set", "hyperparameters.eta=0.2")
TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Ended:
    """A run that is over."""

    returncode: int
    stdout: str
    stderr: str
    build_dir: Path

    @property
    def record(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.build_dir / "run.json").read_text(encoding="utf-8"))
        return read


Run = Callable[..., Ended]
Change = Callable[[Callable[[list[str]], list[str]]], Path]


@pytest.fixture
def environment(localstack: Any) -> dict[str, str]:
    chosen = {name: value for name, value in os.environ.items() if name not in ("DATA", "SLIPWAY_BANK_CSV")}
    return {**chosen, "AWS_ENDPOINT_URL": localstack.endpoint_url}


def command(build_dir: Path, *arguments: str) -> list[str]:
    program = [sys.executable, "-m", "orchestration", "run", "--project", "bank"]
    return [*program, "--build-dir", str(build_dir), *arguments]


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    build_dir = tmp_path / "build"

    def start(*arguments: str) -> Ended:
        answer = subprocess.run(
            command(build_dir, *arguments),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Ended(answer.returncode, answer.stdout, answer.stderr, build_dir)

    return start


def left_behind(build_dir: Path) -> list[str]:
    """Containers and networks of local mode, and files that it mounted."""
    containers = docker("ps", "--all", "--format", "{{.Names}}", "--filter", "label=slipway.run")
    networks = docker("network", "ls", "--format", "{{.Name}}", "--filter", "name=sagemaker-local")
    return [*containers, *networks, *(str(path) for path in (build_dir / "local").rglob("*"))]


def docker(*arguments: str) -> list[str]:
    answer = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return answer.stdout.split()


@pytest.fixture
def real_rows(bank_csv: Path, tmp_path: Path) -> Change:
    """Writes the real rows with each one, header included, changed by a function."""

    def write(change: Callable[[list[str]], list[str]]) -> Path:
        file = tmp_path / "changed.csv"
        with bank_csv.open(newline="") as source, file.open("w", newline="") as target:
            csv.writer(target).writerows(change(row) for row in csv.reader(source))
        return file

    return write


def test_real_rows_become_a_model_that_answers(run: Run, bank_csv: Path) -> None:
    ended = run("--data", str(bank_csv))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    first = ended.stdout.splitlines()[0]
    assert re.fullmatch(r"data: bank-full\.csv, 45,211 rows, sha256 [0-9a-f]{6}…, from DATA", first)
    record = ended.record
    assert record["status"] == "Succeeded"
    assert record["data"]["rows"] == 45211
    # The issue: 10 %, 4,522 rows, are never used for model building.
    assert record["parts"]["live"]["rows"] == 4522
    assert record["metrics"]["accuracy"] >= 0.89
    assert record["metrics"]["auc"] >= 0.92
    assert {answer["predicted_label"] for answer in record["endpoint"]["answers"]} <= {"yes", "no"}
    assert (ended.build_dir / "report" / "bank" / "report.html").stat().st_size > 1000
    assert left_behind(ended.build_dir) == []


def test_synthetic_rows_will_do_and_a_second_run_gives_the_same_model(run: Run) -> None:
    first = run(*FEW_ROUNDS)
    first_record = first.record
    second = run(*FEW_ROUNDS)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "20,000 synthetic rows" in first.stdout.splitlines()[0]
    assert "say nothing about real clients" in first.stdout
    assert first_record["data"]["synthetic"] is True
    assert re.fullmatch(r"[0-9a-f]{64}", first_record["model_digest"])
    assert second.record["model_digest"] == first_record["model_digest"]
    shows_its_steps_and_nothing_of_the_sdk(first)
    says_where_the_time_went(first_record)
    assert left_behind(second.build_dir) == []


def shows_its_steps_and_nothing_of_the_sdk(ended: Ended) -> None:
    shown = [line.split()[0] for line in ended.stdout.splitlines()[1:10]]
    preparation = ["sdk", "upload", "definition"]
    steps = ["preprocess", "train", "evaluate", "good-enough", "create-model", "endpoint"]
    assert shown == preparation + steps
    assert ended.stderr == ""
    assert "sagemaker." not in ended.stdout.replace("s3://", "")
    assert "sagemaker.core" in Path(ended.record["log"]).read_text(encoding="utf-8")


def says_where_the_time_went(record: dict[str, Any]) -> None:
    jobs = [step for step in record["steps"] if step["container_seconds"] is not None]
    assert [step["name"] for step in jobs] == ["preprocess", "train", "evaluate", "endpoint"]
    for step in jobs:
        assert 0 < step["work_seconds"] <= step["container_seconds"] <= step["seconds"]
    overhead = record["overhead"]
    assert overhead["total_seconds"] == pytest.approx(
        overhead["container_seconds"] + overhead["sdk_seconds"], abs=0.01
    )
    assert 0 < overhead["share"] < 1
    assert set(record["images"]) == {"preprocess", "train_xgb"}


def test_a_model_that_is_not_good_enough_fails_the_run_and_says_by_how_much(run: Run) -> None:
    ended = run(*FEW_ROUNDS, "--set", "metric.threshold=0.99")

    assert ended.returncode == 1
    assert re.search(r"accuracy 0\.\d{4} misses the threshold 0\.9900 by 0\.\d{4}", ended.stderr)
    record = ended.record
    assert record["status"] == "Failed"
    assert [step["name"] for step in record["steps"]][-2:] == ["good-enough", "not-good-enough"]
    assert "create-model" not in [step["name"] for step in record["steps"]]
    assert record["metrics"]["accuracy"] < 0.99
    assert left_behind(ended.build_dir) == []


def test_a_missing_column_is_named_by_the_container_that_missed_it(run: Run, real_rows: Change) -> None:
    ended = run("--data", str(real_rows(lambda row: row[:1] + row[2:])))

    assert ended.returncode == 1
    assert "preprocess" in ended.stderr
    assert "job" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Full log: " in ended.stderr
    assert ended.record["status"] == "Failed"
    assert "job" in ended.record["failure_reason"]
    assert left_behind(ended.build_dir) == []


def test_an_impossible_hyperparameter_is_named_by_the_container_that_refused_it(run: Run) -> None:
    ended = run("--set", "hyperparameters.eta=fast")

    assert ended.returncode == 1
    assert "eta" in ended.stderr
    assert ended.record["steps"][-1]["name"] == "train"
    assert ended.record["steps"][-1]["status"] == "Failed"


def test_without_an_object_store_the_way_out_is_said(run: Run, environment: dict[str, str]) -> None:
    environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"

    ended = run()

    assert ended.returncode == 1
    assert "make up" in ended.stderr
    assert ended.record["status"] == "Failed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_what_it_started(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    build_dir = tmp_path / "build"
    with subprocess.Popen(
        command(build_dir),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[0] == "preprocess":  # training has begun
                break
        process.send_signal(number)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "interrupted" in said
    assert json.loads((build_dir / "run.json").read_text(encoding="utf-8"))["status"] == "Stopped"
    assert left_behind(build_dir) == []
