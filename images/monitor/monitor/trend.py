"""How one window after the other went: earlier reports, and the pictures of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

from monitor import drawing

_FILE_NAME = "monitoring_report.json"
_WINDOWS = 48
_PICTURES = 8
_Value = Callable[[Mapping[str, Any]], float | None]


def read_previous(folder: Path | None, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reports below `folder` on earlier windows than `report`'s: the newest of them, the oldest first.

    Raises ContractError for a file that is no report.
    """
    if folder is None:
        return []
    windows = [
        each
        for each in map(_read, sorted(folder.rglob(_FILE_NAME)))
        if each["analysis"] == report["analysis"]
        and each["command"] == "drift"
        # The same window may have been looked at before.
        and (_moment(each) < _moment(report) or not _moment(report))
    ]
    return sorted(windows, key=_moment)[-_WINDOWS:]


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        # All that a trend is drawn of.
        _ = report["analysis"], report["command"], report["violations"] + 0
        _ = {**report["drifts"]}, {name: metric["value"] for name, metric in report["metrics"].items()}
        _ = _moment(report) < ""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContractError(
            f"previous_reports: {path} is no {_FILE_NAME} ({type(error).__name__}: {error}); remove it."
        ) from None
    return dict(report)


def _moment(report: Mapping[str, Any]) -> str:
    return report["end_time"] or report["start_time"] or ""


def trend_section(windows: Sequence[Mapping[str, Any]]) -> str:
    """HTML on the windows, of which the last one is this report's; nothing where it is the first."""
    if len(windows) < 2:
        return ""
    counts: dict[str, _Value] = {"Violations": lambda report: float(report["violations"])}
    counts |= {f"Drift of {name}": _drift_of(name) for name in _farthest(windows[-1]["drifts"])}
    metrics = {name.replace("_", " "): _metric_of(name) for name in _told(windows[-1]["metrics"])}
    figures = "".join(_figure(title, value, windows, from_zero=True) for title, value in counts.items())
    figures += "".join(_figure(title, value, windows, from_zero=False) for title, value in metrics.items())
    return (
        f"<h2>Trend</h2><p>The last {len(windows)} windows, this one at the right.</p>"
        f'<div class="cards">{figures}</div>'
    )


def _farthest(drifts: Mapping[str, float]) -> list[str]:
    return sorted((name for name in drifts if drifts[name]), key=lambda name: -drifts[name])[:_PICTURES]


def _told(metrics: Mapping[str, Any]) -> list[str]:
    told = [
        name
        for name, metric in metrics.items()
        if metric["value"] is not None and "best_constant" not in name
    ]
    return told[:_PICTURES]


def _drift_of(name: str) -> _Value:
    return lambda report: report["drifts"].get(name)


def _metric_of(name: str) -> _Value:
    return lambda report: report["metrics"].get(name, {}).get("value")


def _figure(title: str, value: _Value, windows: Sequence[Mapping[str, Any]], from_zero: bool) -> str:
    values = [value(report) for report in windows]
    picture = drawing.line(values, f"{title} in the last {len(windows)} windows", from_zero)
    return f"<figure><figcaption><b>{escape(title)}</b></figcaption>{picture}</figure>"
