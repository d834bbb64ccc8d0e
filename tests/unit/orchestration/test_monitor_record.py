import json
from pathlib import Path

from orchestration.console import table
from orchestration.monitor_record import Found, MonitorRecord, lines

VIOLATION = {
    "feature_name": "age",
    "constraint_check_type": "baseline_drift_check",
    "description": "Distance 0.4 is above 0.1",
}


def found(violations: int, **more: object) -> Found:
    made = Found(
        "CompletedWithViolations" if violations else "Completed",
        "arn:execution",
        "2026-11-26T04:00:00Z",
        "2026-11-26T05:00:00Z",
        rows=1200,
        violations=[VIOLATION] * violations,
        baseline="build/monitor/data-quality/baseline",
        window="build/monitor/data-quality/window",
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_an_outcome_is_told_in_a_few_words() -> None:
    assert found(0).line == "no violations in 1,200 rows"
    assert found(1).line == "1 violation in 1,200 rows"
    assert found(0, left_out=1).line == "no violations in 1,200 rows, 1 call of another form was left out"
    assert found(2, left_out=3).line == "2 violations in 1,200 rows, 3 calls of another form were left out"
    assert found(0, status="Failed", reason="no ground truth found").line == "no ground truth found"


def test_a_person_sees_ten_violations_where_the_report_is_and_how_to_stop(tmp_path: Path) -> None:
    record = MonitorRecord("bank", "pipeline", topic_arn="arn:topic", monitors={"data-quality": found(12)})

    shown = "\n".join(table(lines(record, tmp_path / "monitor.json")))

    assert "CompletedWithViolations   2026-11-26T04:00:00Z to 2026-11-26T05:00:00Z" in shown
    assert shown.count("age baseline_drift_check: Distance 0.4 is above 0.1") == 10
    assert "and 2 more in constraint_violations.json" in shown
    assert "build/monitor/data-quality/window/report.html" in shown
    assert "--topic-arn arn:topic" in shown
    assert "make monitor PROJECT=bank STOP=1" in shown


def test_figures_are_written_whole(tmp_path: Path) -> None:
    record = MonitorRecord("bank", "schedule", monitors={"data-quality": found(1)})

    record.write(tmp_path / "monitor.json")

    written = json.loads((tmp_path / "monitor.json").read_text(encoding="utf-8"))
    assert written["monitors"]["data-quality"]["violations"] == [VIOLATION]
    assert written["by"] == "schedule"
