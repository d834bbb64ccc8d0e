"""An evaluation as one HTML page that needs nothing beside it."""

from collections.abc import Iterable, Mapping
from html import escape

from train_xgb.artefact import Model
from train_xgb.data import Dataset
from train_xgb.metrics import Quality, model_metrics
from train_xgb.pictures import (
    calibration_picture,
    importance_picture,
    precision_recall_picture,
    roc_picture,
    scores_picture,
)

FEATURES_SHOWN = 15
_HEADLINES = ("accuracy", "auc", "precision", "recall", "f1")
_TITLES = {
    "auc": "AUC",
    "f0_5": "F0.5",
    "f1": "F1",
    "f2": "F2",
}
_FACTS = (
    ("objective", "Objective"),
    ("xgboost_version", "XGBoost"),
    ("format_version", "Artefact format"),
    ("best_iteration", "Best iteration (from 0)"),
    ("rounds_trained", "Rounds trained"),
    ("stopped_early_by", "Stopped early by"),
    ("pca_components", "PCA components"),
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light; }}
body {{ font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1c2430;
  background: #f5f7f9; margin: 0; }}
main {{ max-width: 1120px; margin: 0 auto; padding: 32px 24px 56px; }}
h1 {{ font-size: 28px; line-height: 1.2; margin: 0 0 4px; }}
h2 {{ font-size: 19px; margin: 40px 0 12px; }}
p.lead {{ margin: 0; color: #55606e; }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 24px; }}
.tile, figure, .card {{ background: #fff; border: 1px solid #dfe4ea; border-radius: 8px; }}
.tile {{ padding: 12px 16px; }}
.tile b {{ display: block; font-size: 28px; line-height: 1.25; font-variant-numeric: tabular-nums; }}
.tile span, figcaption {{ color: #55606e; font-size: 14px; }}
.pictures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
  gap: 16px; }}
figure {{ margin: 0; padding: 12px 16px; }}
figure img {{ width: 100%; height: auto; display: block; }}
figcaption {{ padding-bottom: 4px; }}
figcaption b {{ color: #1c2430; font-size: 16px; }}
.card {{ overflow-x: auto; padding: 4px 16px 8px; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: 7px 12px 7px 0; border-bottom: 1px solid #edf0f3; font-weight: 400; }}
thead th {{ color: #55606e; font-size: 14px; }}
tr:last-child > * {{ border-bottom: 0; }}
td.n, th.n {{ text-align: right; }}
td.right {{ background: #e8f1fb; }}
td.wrong {{ background: #fdf0e6; }}
code {{ font-size: 14px; overflow-wrap: anywhere; }}
.columns {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px;
  align-items: start; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="lead">{lead}</p>
<div class="tiles">{tiles}</div>
<h2>Curves</h2>
<div class="pictures">{pictures}</div>
<div class="columns">
<section>
<h2>Metrics</h2><div class="card">{metrics}</div>
<h2>Model</h2><div class="card">{facts}</div>
<h2>Data</h2><div class="card">{data}</div>
</section>
<section>
<h2>Confusion matrix</h2><div class="card">{confusion}</div>
<h2>Features that matter most</h2>{importance}
<h2>Hyperparameters</h2><div class="card">{hyperparameters}</div>
</section>
</div>
</main>
</body>
</html>
"""


def render_report(
    model: Model, test: Dataset, quality: Quality, block: Mapping[str, object], evaluated_at: str
) -> str:
    """The page for `model` on `test`; `block` is the metrics block of evaluation.json."""
    encoder = model.encoder
    values = model_metrics(quality)
    positive = int(test.labels.sum())
    lead = (
        f"{len(test.labels):,} test rows, {positive:,} of them {encoder.target}={encoder.positive} "
        f"({positive / len(test.labels):.1%}). Evaluated {evaluated_at}. "
        f"A row counts as {encoder.positive} from probability {quality.threshold:g} on."
    )
    return _PAGE.format(
        title=escape(f"How well the model predicts {encoder.target}"),
        lead=escape(lead),
        tiles="".join(
            f'<div class="tile"><b>{values[name]:.4f}</b><span>{_title(name)}</span></div>'
            for name in _HEADLINES
        ),
        pictures=_pictures(model, quality, values["auc"]),
        metrics=_metrics_table(block),
        confusion=_confusion_table(model, quality),
        importance=_importance(model),
        facts=_pairs((title, model.manifest.get(key)) for key, title in _FACTS),
        data=_data_table(model, test),
        hyperparameters=_pairs(_items(model.manifest.get("hyperparameters"))),
    )


def _title(metric: str) -> str:
    return _TITLES.get(metric, metric.replace("_", " ").capitalize())


def _items(value: object) -> Iterable[tuple[str, object]]:
    return value.items() if isinstance(value, dict) else ()


def _figure(source: str, title: str, text: str, alternative: str | None = None) -> str:
    return (
        f"<figure><figcaption><b>{escape(title)}</b><br>{escape(text)}</figcaption>"
        f'<img alt="{escape(alternative or title)}" src="{source}"></figure>'
    )


def _pictures(model: Model, quality: Quality, auc: float) -> str:
    encoder = model.encoder
    return "".join(
        (
            _figure(
                roc_picture(quality, auc),
                "Receiver operating characteristic",
                "How many positives are found, for how many false alarms.",
            ),
            _figure(
                precision_recall_picture(quality),
                "Precision and recall",
                "How many of the rows called positive are, as more of them are found.",
            ),
            _figure(
                calibration_picture(quality),
                "Calibration",
                "Whether rows given a probability of 70 % are positive 70 % of the time.",
            ),
            _figure(
                scores_picture(quality, encoder.negative, encoder.positive),
                "Predicted probabilities",
                "How far the model keeps the two classes apart.",
            ),
        )
    )


def _metrics_table(block: Mapping[str, object]) -> str:
    rows = []
    for name, metric in block.items():
        if not isinstance(metric, dict) or "value" not in metric or name.endswith("_classifier"):
            continue
        constant = block.get(f"{name}_best_constant_classifier")
        beside = f"{constant['value']:.4f}" if isinstance(constant, dict) else ""
        deviation = metric["standard_deviation"]
        shown = f"{deviation:.4f}" if isinstance(deviation, float) else "–"
        rows.append(
            f'<tr><th>{_title(name)}</th><td class="n">{metric["value"]:.4f}</td>'
            f'<td class="n">{shown}</td><td class="n">{beside}</td></tr>'
        )
    return (
        '<table><thead><tr><th>Metric</th><th class="n">Value</th><th class="n">Standard deviation</th>'
        f'<th class="n">All called positive</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _confusion_table(model: Model, quality: Quality) -> str:
    names = (escape(model.encoder.negative), escape(model.encoder.positive))
    counts = quality.confusion()
    rows = "".join(
        f"<tr><th>actual {name}</th>"
        + "".join(
            f'<td class="n {"right" if i == j else "wrong"}">{counts[i, j]:,}</td>' for j in range(len(names))
        )
        + f'<td class="n">{counts[i].sum():,}</td></tr>'
        for i, name in enumerate(names)
    )
    heads = "".join(f'<th class="n">predicted {name}</th>' for name in names)
    return (
        f'<table><thead><tr><th></th>{heads}<th class="n">rows</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def gain_shares(model: Model) -> list[tuple[str, float]]:
    """Each feature's share of the total gain, greatest first."""
    gains = model.booster.total_gains()
    total = sum(gains.values()) or 1.0
    return sorted(((name, gain / total) for name, gain in gains.items()), key=lambda item: -item[1])


def _importance(model: Model) -> str:
    shares = gain_shares(model)[:FEATURES_SHOWN]
    if not shares:
        return (
            '<div class="card"><p>The model has no split: it gives every row the same probability.</p></div>'
        )
    return _figure(
        importance_picture(shares),
        f"First {len(shares)} by gain",
        "How much of what the trees learnt came from splits on each column.",
        alternative="; ".join(f"{name} {share:.1%}" for name, share in shares),
    )


def _data_table(model: Model, test: Dataset) -> str:
    parts = [*_items(model.manifest.get("data")), ("test", test.as_document())]
    rows = "".join(
        f"<tr><th>{escape(name)}</th>"
        f'<td class="n">{part["rows"]:,}</td><td class="n">{part["positive"]:,}</td>'
        f"<td><code>{escape(str(part['sha256'])[:16])}…</code></td></tr>"
        for name, part in parts
        if isinstance(part, dict)
    )
    return (
        '<table><thead><tr><th>Part</th><th class="n">Rows</th><th class="n">Positive</th><th>sha256</th>'
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )


def _pairs(pairs: Iterable[tuple[str, object]]) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(_value(value))}</td></tr>" for name, value in pairs
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _value(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
