"""An evaluation as one HTML page that needs nothing beside it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from train_deepar.backtest import Window
from train_deepar.evaluation import Evaluation, SeriesMeasures
from train_deepar.metrics import MEAN_LOSS, SEASON, measures
from train_deepar.page import PAGE
from train_deepar.pictures import (
    ACTUAL_COLOUR,
    FAN_LEVELS,
    MODEL_COLOUR,
    OTHER_COLOUR,
    Fan,
    calibration_picture,
    fan_picture,
    losses_picture,
)
from train_deepar.values import day_text

_TITLES = {
    MEAN_LOSS: "Weighted quantile loss, mean of nine",
    "mse": "MSE",
    "rmse": "RMSE",
    "absolute_error": "Absolute error, sum",
    "mape": "MAPE",
    "smape": "sMAPE",
    "mase": "MASE",
    "coverage_80": "Coverage of the 80 % interval",
    "coverage_95": "Coverage of the 95 % interval",
}
_SERIES_TITLES = (
    "Days", "Mean", "Quantile loss", "Of naive", "MASE", "MAPE", "sMAPE", "In 80 %", "In 95 %",
)  # fmt: skip


def render_report(evaluation: Evaluation) -> str:
    """The page of an evaluation."""
    model, reference = evaluation.model, evaluation.reference
    target = evaluation.forecaster.panel.target.name
    tiles = (
        (f"{model[MEAN_LOSS]:.4f}", "weighted quantile loss"),
        (_share(model[MEAN_LOSS], reference[MEAN_LOSS]), "of the seasonal naive forecast's loss"),
        (_number(model["mase"]), "MASE"),
        (_percent(model["coverage_80"]), "of actuals in the 80 % interval"),
        (_percent(model["coverage_95"]), "of actuals in the 95 % interval"),
    )
    return PAGE.format(
        title=escape(f"How well the model forecasts {target}"),
        lead=escape(_lead(evaluation)),
        tiles="".join(f'<div class="tile"><b>{value}</b><span>{text}</span></div>' for value, text in tiles),
        fans=_fans(evaluation),
        legend=_legend(),
        pictures=_pictures(evaluation),
        metrics=_metrics_table(model, reference),
        windows=_windows_table(evaluation.windows),
        facts=_pairs(_facts(evaluation)),
        hyperparameters=_pairs(_items(evaluation.forecaster.manifest.get("hyperparameters"))),
        series=_series_table(evaluation),
    )


def _lead(evaluation: Evaluation) -> str:
    windows, panel = evaluation.windows, evaluation.by_series
    actual = evaluation.forecasts[0].actual
    known = int((~np.isnan(actual)).sum())
    better = sum(each.model[MEAN_LOSS] < each.reference[MEAN_LOSS] for each in panel.values())
    return (
        f"{len(panel)} series, {day_text(windows[-1].first)} to {day_text(windows[0].last)} in "
        f"{_windows(windows)} of {evaluation.forecaster.prediction_length} days: {known:,} known days, "
        f"{actual.size - known:,} missing and left out. Better than the seasonal naive forecast "
        f"(season {SEASON}) for {better} of {len(panel)} series. Evaluated {evaluation.evaluated_at}."
    )


def _windows(windows: Sequence[Window]) -> str:
    return "1 window" if len(windows) == 1 else f"{len(windows)} windows"


def _fans(evaluation: Evaluation) -> str:
    ranked = evaluation.ranked
    chosen = dict(
        zip(("Best", "Median", "Worst"), (ranked[0], ranked[len(ranked) // 2], ranked[-1]), strict=True)
    )
    return "".join(_fan(evaluation, word, item_id) for word, item_id in chosen.items())


def _fan(evaluation: Evaluation, word: str, item_id: str) -> str:
    """The series' newest forecast."""
    window, row = next(
        (window, row)
        for window in evaluation.windows
        for row, series in enumerate(window.series)
        if series.item_id == item_id
    )
    own = evaluation.by_series[item_id]
    fan = Fan(
        first=window.first,
        past=window.series[row].target,
        actual=window.model.actual[row],
        quantiles={level: window.model.quantiles[level][row] for level in (*FAN_LEVELS, 0.5)},
        reference=window.reference.quantiles[0.5][row],
    )
    text = (
        f"quantile loss {own.model[MEAN_LOSS]:.3f} (seasonal naive {own.reference[MEAN_LOSS]:.3f}), "
        f"{_percent(own.model['coverage_80'])} of actuals in the 80 % interval"
    )
    title = f"{word} series: {item_id}"
    picture = fan_picture(fan, evaluation.forecaster.panel.target.name, f"{title}; {text}")
    return _figure(picture, title, text)


def _figure(picture: str, title: str, text: str) -> str:
    return f"<figure><figcaption><b>{escape(title)}</b><br>{escape(text)}</figcaption>{picture}</figure>"


def _legend() -> str:
    entries = (
        (f"background:{MODEL_COLOUR};height:3px", "median"),
        (f"background:{MODEL_COLOUR};opacity:.55", "50 %"),
        (f"background:{MODEL_COLOUR};opacity:.3", "80 %"),
        (f"background:{MODEL_COLOUR};opacity:.14", "95 % of what may come"),
        (f"background:{ACTUAL_COLOUR};height:3px", "what came"),
        (f"border-top:2px dashed {OTHER_COLOUR};height:0", "seasonal naive"),
    )
    return "".join(f'<span><i style="{style}"></i>{escape(text)}</span>' for style, text in entries)


def _pictures(evaluation: Evaluation) -> str:
    model, reference = evaluation.forecasts
    return _figure(
        calibration_picture(model),
        "Calibration",
        "Whether a tenth of the actuals are not above the 0.1 quantile, and so on; on the diagonal it is so.",
    ) + _figure(
        losses_picture(model, reference),
        "Loss by days ahead",
        "How much less is known of a day the further ahead it is; dashed the seasonal naive forecast.",
    )


def _metrics_table(model: Mapping[str, float], reference: Mapping[str, float]) -> str:
    rows = "".join(
        f'<tr><th>{escape(_title(name))}</th><td class="n">{_number(value)}</td>'
        f'<td class="n">{_number(reference[name])}</td>'
        f'<td class="n">{"" if name.startswith("coverage") else _share(value, reference[name])}</td></tr>'
        for name, value in model.items()
    )
    return (
        '<table><thead><tr><th>Measure</th><th class="n">Model</th><th class="n">Seasonal naive</th>'
        f'<th class="n">Model of naive</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _windows_table(windows: Sequence[Window]) -> str:
    rows = "".join(_window_row(window) for window in windows)
    return (
        '<table><thead><tr><th>Days</th><th>Seen in training</th><th class="n">Series</th>'
        '<th class="n">Quantile loss</th><th class="n">Model of naive</th><th class="n">MASE</th>'
        f'<th class="n">In 80 %</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _window_row(window: Window) -> str:
    model, reference = measures(window.model), measures(window.reference)
    left_out = f" ({window.left_out} too short)" if window.left_out else ""
    return (
        f"<tr><th>{day_text(window.first)} to {day_text(window.last)}</th>"
        f"<td>{'yes' if window.in_training else 'no'}</td>"
        f'<td class="n">{len(window.series)}{left_out}</td>'
        f'<td class="n">{_number(model[MEAN_LOSS])}</td>'
        f'<td class="n">{_share(model[MEAN_LOSS], reference[MEAN_LOSS])}</td>'
        f'<td class="n">{_number(model["mase"])}</td>'
        f'<td class="n">{_percent(model["coverage_80"])}</td></tr>'
    )


def _series_table(evaluation: Evaluation) -> str:
    unranked = [item_id for item_id in evaluation.by_series if item_id not in evaluation.ranked]
    rows = "".join(
        _series_row(item_id, evaluation.by_series[item_id]) for item_id in (*evaluation.ranked, *unranked)
    )
    heads = "".join(f'<th class="n">{escape(title)}</th>' for title in _SERIES_TITLES)
    return f"<table><thead><tr><th>Series</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _series_row(item_id: str, own: SeriesMeasures) -> str:
    loss, other = own.model[MEAN_LOSS], own.reference[MEAN_LOSS]
    cells = (
        (f"{own.days:,}", ""),
        (_number(own.mean_actual), ""),
        (_number(loss), ""),
        (_share(loss, other), " right" if loss < other else " wrong"),
        (_number(own.model["mase"]), ""),
        (_number(own.model["mape"]), ""),
        (_number(own.model["smape"]), ""),
        (_percent(own.model["coverage_80"]), ""),
        (_percent(own.model["coverage_95"]), ""),
    )
    texts = "".join(f'<td class="n{colour}">{text}</td>' for text, colour in cells)
    return f"<tr><th>{escape(item_id)}</th>{texts}</tr>"


def _facts(evaluation: Evaluation) -> Iterable[tuple[str, object]]:
    forecaster = evaluation.forecaster
    manifest = forecaster.manifest
    yield "Estimator", manifest.get("estimator")
    yield "Trained on days until", forecaster.trained_until
    yield "Looks back at days", forecaster.context_length
    yield "Longest horizon, days", forecaster.prediction_length
    yield "Samples of each forecast", evaluation.num_samples
    yield "Seed of the evaluation", evaluation.seed
    yield "sha256 of the test series", f"{evaluation.test_sha256[:16]}…"


def _items(value: object) -> Iterable[tuple[str, object]]:
    return value.items() if isinstance(value, dict) else ()


def _pairs(pairs: Iterable[tuple[str, object]]) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(_value(value))}</td></tr>" for name, value in pairs
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _value(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _title(name: str) -> str:
    if name in _TITLES:
        return _TITLES[name]
    return name.replace("_", " ").capitalize()


def _number(value: float) -> str:
    """As many digits as tell two models apart."""
    if math.isnan(value):
        return "–"
    digits = 0 if abs(value) >= 1000 else 2 if abs(value) >= 10 else 4
    return f"{value:,.{digits}f}"


def _share(value: float, of: float) -> str:
    return f"{value / of:.1%}".replace("%", "\u00a0%") if of and not math.isnan(value / of) else "–"


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}".replace("%", "\u00a0%")
