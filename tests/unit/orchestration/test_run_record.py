import json
from pathlib import Path

from orchestration.containers import JobContainer
from orchestration.execution import Step
from orchestration.run_record import RunRecord, StepFigures, scalar_metrics, step_figures


def step(name: str, step_type: str, status: str = "Succeeded") -> Step:
    return Step(name, step_type, status, 2.0, None, {})


def container(seconds: float, work: float) -> JobContainer:
    return JobContainer("abc", 0, seconds, False, f"job.finished kind=training seconds={work}\n")


def test_containers_belong_to_the_job_steps_in_their_order() -> None:
    steps = (step("preprocess", "Processing"), step("gate", "Condition"), step("train", "Training"))

    figures = step_figures(steps, [container(1.5, 1.0), container(1.75, 1.25)])

    assert figures == [
        StepFigures("preprocess", "Succeeded", 2.0, 1.5, 1.0),
        StepFigures("gate", "Succeeded", 2.0, None, None),
        StepFigures("train", "Succeeded", 2.0, 1.75, 1.25),
    ]


def test_a_step_that_failed_before_its_container_has_none() -> None:
    figures = step_figures((step("preprocess", "Processing", "Failed"),), [])

    assert figures[0].container_seconds is None


def test_overhead_is_what_is_not_work() -> None:
    record = RunRecord("bank", "2026-01-01T00:00:00Z", "log")
    record.steps = [StepFigures("train", "Succeeded", 3.0, 2.0, 1.5), StepFigures("gate", "Succeeded", 0.0)]

    record.note_overhead(10.0)

    assert record.overhead == {
        "total_seconds": 10.0,
        "work_seconds": 1.5,
        "container_seconds": 2.0,
        "sdk_seconds": 8.0,
        "share": 0.85,
    }


def test_a_record_is_written_whole(tmp_path: Path) -> None:
    record = RunRecord("bank", "2026-01-01T00:00:00Z", "log", status="Failed", failure_reason="no rows")

    record.write(tmp_path / "build" / "run.json")

    written = json.loads((tmp_path / "build" / "run.json").read_text(encoding="utf-8"))
    assert (written["status"], written["failure_reason"]) == ("Failed", "no rows")
    assert [path.name for path in (tmp_path / "build").iterdir()] == ["run.json"]


def test_only_single_numbers_are_metrics() -> None:
    block = {
        "accuracy": {"value": 0.9, "standard_deviation": "NaN"},
        "confusion_matrix": {"0": {"0": 5}},
        "precision_recall_curve": {"precisions": [1.0], "recalls": [0.0]},
    }

    assert scalar_metrics(block) == {"accuracy": 0.9}
