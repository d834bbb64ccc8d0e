"""report.html: an analysis as one page that needs nothing beside it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from monitor.trend import trend_section

FILE_NAME = "report.html"
# Beyond these there is the file; the page stays one that a browser opens at once.
_VIOLATIONS_SHOWN = 100
_ANALYSES = {
    "data-quality": "Data quality",
    "model-quality": "Model quality",
    "forecast-accuracy": "Forecast accuracy",
}
_CHECKS = {
    "data_type_check": "has values of another type",
    "completeness_check": "has fewer values",
    "baseline_drift_check": "is distributed differently",
    "missing_column_check": "is missing",
    "extra_column_check": "is new",
    "categorical_values_check": "has unknown values",
    "LessThanThreshold": "is lower than allowed",
    "GreaterThanThreshold": "is higher than allowed",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --text: #1c2430; --quiet: #55606e; --page: #f5f7f9; --card: #fff;
  --line: #dfe4ea; --then: #9aa7b6; --now: #1f5fa8; --over: #c2410c; --good: #15703c;
  --bad-back: #fdf0e6; --good-back: #e7f5ec; }}
@media (prefers-color-scheme: dark) {{ :root {{ --text: #e4e8ee; --quiet: #9aa5b3; --page: #12161c;
  --card: #1b212a; --line: #2e3743; --then: #667385; --now: #6aa9f0; --over: #f0935a; --good: #63c98b;
  --bad-back: #35241a; --good-back: #17301f; }} }}
body {{ font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: var(--text);
  background: var(--page); margin: 0; }}
main {{ max-width: 1120px; margin: 0 auto; padding: 32px 24px 56px; }}
h1 {{ font-size: 28px; line-height: 1.2; margin: 4px 0; }}
h2 {{ font-size: 19px; margin: 40px 0 4px; }}
p {{ margin: 0 0 12px; color: var(--quiet); }}
.verdict {{ border-radius: 8px; padding: 20px 24px; border-left: 6px solid var(--good);
  background: var(--good-back); }}
.verdict.bad {{ border-color: var(--over); background: var(--bad-back); }}
.verdict p {{ margin: 0; }}
.card, figure {{ background: var(--card); border: 1px solid var(--line); border-radius: 8px; }}
.card {{ overflow-x: auto; padding: 4px 16px 8px; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr));
  gap: 16px; }}
figure {{ margin: 0; padding: 12px 16px; min-width: 0; }}
figcaption {{ color: var(--quiet); font-size: 14px; padding-bottom: 6px; overflow-wrap: anywhere; }}
figcaption b {{ color: var(--text); font-size: 16px; }}
figure p {{ font-size: 14px; margin: 8px 0; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); font-weight: 400;
  overflow-wrap: anywhere; }}
thead th {{ color: var(--quiet); font-size: 14px; }}
tr:last-child > * {{ border-bottom: 0; }}
td.n, th.n {{ text-align: right; white-space: nowrap; }}
td.wide {{ width: 45%; min-width: 120px; }}
td.right {{ background: var(--good-back); }}
td.wrong {{ background: var(--bad-back); }}
td b, li b {{ color: var(--over); }}
ul {{ list-style: none; margin: 0; padding: 0; }}
li {{ padding: 8px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }}
li:last-child {{ border-bottom: 0; }}
li span {{ display: block; color: var(--quiet); font-size: 14px; }}
svg {{ display: block; width: 100%; height: auto; }}
svg.bar {{ height: 10px; border-radius: 3px; }}
svg text {{ font-size: 11px; fill: var(--quiet); }}
.then {{ fill: var(--then); fill-opacity: .55; }}
path.then {{ stroke: var(--then); }}
.now {{ fill: var(--now); }}
path.now {{ fill-opacity: .35; stroke: var(--now); stroke-width: 1.5; }}
.over {{ fill: var(--over); }}
.frame {{ fill: var(--line); fill-opacity: .6; }}
.threshold {{ stroke: var(--text); stroke-width: 2; stroke-dasharray: 4 3; fill: none;
  vector-effect: non-scaling-stroke; }}
.trend {{ stroke: var(--now); stroke-width: 2; fill: none; }}
circle {{ fill: var(--now); }}
.key span {{ display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin: 0 4px 0 0; }}
.key span.then {{ background: var(--then); }}
.key span.now {{ background: var(--now); margin-left: 12px; }}
</style>
</head>
<body>
<main>
<div class="verdict {style}"><p>{lead}</p><h1>{title}</h1><p>{facts}</p></div>
{sections}
</main>
</body>
</html>
"""


def page(
    report: Mapping[str, Any],
    violations: Sequence[Mapping[str, str]],
    sections: Sequence[str],
    previous: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The page for a monitoring_report.json; `previous` are those of earlier windows, the oldest first."""
    parts = [_violations(violations), trend_section([*previous, report]), *sections]
    return _PAGE.format(
        style="bad" if report["violations"] else "good",
        lead=escape(_lead(report)),
        title=escape(_title(report)),
        facts=escape(_facts(report)),
        sections="\n".join(parts),
    )


def _lead(report: Mapping[str, Any]) -> str:
    place = [report["endpoint"], report["schedule"]]
    return " · ".join([_ANALYSES[report["analysis"]], *(name for name in place if name)])


def _title(report: Mapping[str, Any]) -> str:
    rows, count = report["rows"], report["violations"]
    of_rows = f"{rows:,} row{'' if rows == 1 else 's'}"
    if report["command"] == "baseline":
        return f"A baseline of {of_rows}"
    if not count:
        return f"No violations in {of_rows}"
    return f"{count:,} violation{'' if count == 1 else 's'} in {of_rows}"


def _facts(report: Mapping[str, Any]) -> str:
    facts = []
    if report["start_time"] or report["end_time"]:
        facts.append(f"From {report['start_time'] or 'any time'} to {report['end_time'] or 'any time'}.")
    if report["left_out"]:
        facts.append(f"{report['left_out']:,} left out.")
    if report["ground_truth"]:
        counts = (f"{name.replace('_', ' ')} {count}" for name, count in report["ground_truth"].items())
        facts.append(f"Ground truth: {', '.join(counts)}.")
    return " ".join(facts)


def _violations(violations: Sequence[Mapping[str, str]]) -> str:
    if not violations:
        return ""
    items = "".join(map(_violation, violations[:_VIOLATIONS_SHOWN]))
    more = len(violations) - _VIOLATIONS_SHOWN
    rest = f"<li>and {more:,} more in constraint_violations.json</li>" if more > 0 else ""
    return f'<h2>What is wrong</h2><div class="card"><ul>{items}{rest}</ul></div>'


def _violation(violation: Mapping[str, str]) -> str:
    name = violation.get("feature_name") or violation.get("metric_name") or ""
    check = violation["constraint_check_type"]
    return (
        f"<li><b>{escape(name)}</b> {_CHECKS.get(check, escape(check))}"
        f"<span>{escape(violation['description'])}</span></li>"
    )
