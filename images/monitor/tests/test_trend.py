"""Which earlier windows a report shows, and how."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from monitor.trend import read_previous, trend_section
from smcontract.failure import ContractError


def window(hour: int, **values: Any) -> dict[str, Any]:
    common: dict[str, Any] = {
        "analysis": "data-quality",
        "command": "drift",
        "start_time": f"2026-01-31T{hour:02d}:00:00Z",
        "end_time": f"2026-01-31T{hour + 1:02d}:00:00Z",
        "violations": hour,
        "drifts": {"age": hour / 100, "still": 0.0},
        "metrics": {},
    }
    return common | values


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).mkdir(parents=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name / "monitoring_report.json").write_text(text)


def test_earlier_windows_of_the_same_analysis_count_in_the_order_of_time(tmp_path: Path) -> None:
    for hour in (3, 1, 2, 5, 7):
        write(tmp_path, f"2026/{hour}", window(hour))
    write(tmp_path, "baseline", window(0, command="baseline"))
    write(tmp_path, "model", window(0, analysis="model-quality"))

    # The window itself was looked at before, and a later one too.
    found = read_previous(tmp_path, window(5))

    assert [each["violations"] for each in found] == [1, 2, 3]
    assert read_previous(None, window(5)) == []


def test_a_trend_is_of_the_last_windows_and_of_what_moves() -> None:
    html = trend_section([window(hour) for hour in range(1, 5)])

    assert "The last 4 windows" in html
    assert re.findall("<b>(.*?)</b>", html) == ["Violations", "Drift of age"]
    assert html.count("<circle") == 2 * 4
    assert trend_section([window(1)]) == ""


def test_a_measure_that_a_window_could_not_tell_leaves_a_gap() -> None:
    values = (0.8, None, 0.9)
    windows = [
        window(hour, drifts={}, metrics={"auc": {"value": value}} if value else {"auc": {"value": None}})
        for hour, value in enumerate(values)
    ]

    html = trend_section(windows)

    assert html[html.index("<b>auc</b>") :].count("<circle") == 2


@pytest.mark.parametrize(
    "wrong", ["{", "[]", '{"analysis": "data-quality"}', '{"analysis": 1, "command": 2}']
)
def test_a_file_that_is_no_report_is_named(tmp_path: Path, wrong: str) -> None:
    write(tmp_path, "old", wrong)

    with pytest.raises(ContractError, match=r"old/monitoring_report\.json is no monitoring_report\.json"):
        read_previous(tmp_path, window(1))
