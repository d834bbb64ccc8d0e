import json
from pathlib import Path

from orchestration.run_record import RunRecord, StepFigures, scalar_metrics


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


def test_what_runs_at_the_same_time_is_counted_once() -> None:
    record = RunRecord("bank", "2026-01-01T00:00:00Z", "log")
    record.steps = [
        # 10 to 16, work 12 to 16; 11 to 13, work 12 to 13; 20 to 21, work 20.5 to 21.
        StepFigures("ingest", "Succeeded", 8.0, 6.0, 4.0, container_started_at="2026-01-01T00:00:10+00:00"),
        StepFigures(
            "preprocess", "Succeeded", 8.0, 2.0, 1.0, container_started_at="2026-01-01T00:00:11+00:00"
        ),
        StepFigures("train", "Succeeded", 3.0, 1.0, 0.5, container_started_at="2026-01-01T00:00:20+00:00"),
        StepFigures("endpoint", "Succeeded", 3.0, work_seconds=0.5),
    ]

    record.note_overhead(20.0)

    assert record.overhead["container_seconds"] == 7.0
    assert record.overhead["work_seconds"] == 5.0
    assert record.overhead["sdk_seconds"] == 13.0


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
