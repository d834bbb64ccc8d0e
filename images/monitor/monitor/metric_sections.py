"""The report's part on a model: its measures against what they must not fall behind, and its curves."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from monitor import drawing
from monitor.findings import Metric
from monitor.quality_constraints import Constraint, Operator

_CONSTANT = "_best_constant_classifier"
_CLASSES_SHOWN = 20


def metric_sections(
    metrics: Mapping[str, Metric],
    details: Mapping[str, Any],
    constraints: Mapping[str, Constraint] | None,
    rows: int,
    tolerance: float,
) -> tuple[str, ...]:
    """HTML; `details` are the parts of statistics.json that are not one number."""
    sections = [_metrics_table(metrics, constraints or {}, rows, tolerance)]
    if (matrix := details.get("confusion_matrix")) is not None:
        sections.append(_confusion_table(matrix))
    if curves := "".join(_curves(details, metrics)):
        sections.append(f'<h2>Curves</h2><div class="cards">{curves}</div>')
    return tuple(sections)


def _metrics_table(
    metrics: Mapping[str, Metric], constraints: Mapping[str, Constraint], rows: int, tolerance: float
) -> str:
    lines = "".join(
        _metric_row(name, metric, metrics.get(name + _CONSTANT), constraints.get(name), rows, tolerance)
        for name, metric in metrics.items()
        if not name.endswith(_CONSTANT)
    )
    return (
        "<h2>Measures</h2><p>What is allowed is the baseline's value and what chance adds in a window of "
        'this size.</p><div class="card"><table><thead><tr><th>Measure</th><th class="n">Value</th>'
        '<th class="n">Deviation</th><th class="n">Allowed</th><th class="n">Best constant answer</th></tr>'
        f"</thead><tbody>{lines}</tbody></table></div>"
    )


def _metric_row(
    name: str,
    metric: Metric,
    constant: Metric | None,
    constraint: Constraint | None,
    rows: int,
    tolerance: float,
) -> str:
    is_bad = (
        constraint is not None
        and metric.value is not None
        and constraint.is_violated(metric.value, rows, tolerance)
    )
    cells = [
        _told(metric.value),
        _told(metric.standard_deviation),
        _allowed(constraint, rows, tolerance) if constraint else "",
        _told(constant.value) if constant else "",
    ]
    style = "n wrong" if is_bad else "n"
    tail = "".join(f'<td class="n">{cell}</td>' for cell in cells[1:])
    mark = "<b>violated</b> " if is_bad else ""
    title = escape(name.replace("_", " "))
    return f'<tr><th>{title}</th><td class="{style}">{mark}{cells[0]}</td>{tail}</tr>'


def _allowed(constraint: Constraint, rows: int, tolerance: float) -> str:
    allowance = constraint.allowance(rows, tolerance)
    if constraint.operator is Operator.LESS:
        return f"≥ {drawing.number(constraint.threshold - allowance)}"
    return f"≤ {drawing.number(constraint.threshold + allowance)}"


def _told(value: float | None) -> str:
    return "–" if value is None else drawing.number(value)


def _confusion_table(matrix: Mapping[str, Mapping[str, float]]) -> str:
    names = sorted({*matrix, *(name for row in matrix.values() for name in row)})
    shown = names[:_CLASSES_SHOWN]
    heads = "".join(f'<th class="n">said {escape(name)}</th>' for name in shown)
    lines = "".join(
        f"<tr><th>is {escape(actual)}</th>"
        + "".join(_confusion_cell(matrix.get(actual, {}).get(said, 0), actual == said) for said in shown)
        + "</tr>"
        for actual in shown
    )
    more = f"<p>The first {_CLASSES_SHOWN} of {len(names):,} classes.</p>" if len(names) > len(shown) else ""
    return (
        f"<h2>Confusion matrix</h2>{more}"
        f'<div class="card"><table><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _confusion_cell(count: float, is_right: bool) -> str:
    style = "right" if is_right else "wrong" if count else ""
    return f'<td class="n {style}">{drawing.number(count)}</td>'


def _curves(details: Mapping[str, Any], metrics: Mapping[str, Metric]) -> Sequence[str]:
    figures = []
    if roc := details.get("receiver_operating_characteristic_curve"):
        area = metrics.get("auc")
        told = f", AUC {area.value:.4f}" if area and area.value is not None else ""
        figures.append(
            _figure(
                f"Receiver operating characteristic{told}",
                "True positives over false positives; the diagonal is guessing.",
                drawing.curve(roc["false_positive_rates"], roc["true_positive_rates"], "ROC curve", True),
            )
        )
    if both := details.get("precision_recall_curve"):
        figures.append(
            _figure(
                "Precision and recall",
                "Precision over recall.",
                drawing.curve(both["recalls"], both["precisions"], "Precision-recall curve", False),
            )
        )
    return figures


def _figure(title: str, caption: str, picture: str) -> str:
    return f"<figure><figcaption><b>{escape(title)}</b><br>{caption}</figcaption>{picture}</figure>"
