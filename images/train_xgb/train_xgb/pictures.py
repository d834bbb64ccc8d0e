"""The curves of a report as PNG pictures."""

import base64
import io
from collections.abc import Callable, Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from train_xgb.metrics import Quality

# Two hues that stay apart for colour-blind readers and in grey print.
MODEL_COLOUR = "#1f5fa8"
OTHER_COLOUR = "#d1762c"
_QUIET = "#8a94a0"
_BINS = 10

_STYLE = {
    "font.size": 11,
    "axes.edgecolor": _QUIET,
    "axes.grid": True,
    "grid.color": "#e3e7ec",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def _picture(draw: Callable[[Axes], None], height: float = 4.2) -> str:
    """What `draw` draws, as the text of a data URI."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.4, height), dpi=110, layout="constrained")
        draw(figure.add_subplot())
        png = io.BytesIO()
        # Without the library's version in it the same numbers give the same bytes.
        figure.savefig(png, format="png", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")


def _plain(name: str) -> str:
    """`name` as text: a dollar sign would begin a formula."""
    return name.replace("$", r"\$")


def roc_picture(quality: Quality, auc: float) -> str:
    """The receiver operating characteristic, and the diagonal of guessing."""
    curve = quality.roc()

    def draw(axes: Axes) -> None:
        axes.plot(curve.x, curve.y, color=MODEL_COLOUR, linewidth=2, label=f"model, AUC {auc:.4f}")
        axes.plot([0, 1], [0, 1], color=_QUIET, linestyle="--", label="guessing")
        axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(loc="lower right")

    return _picture(draw)


def precision_recall_picture(quality: Quality) -> str:
    """Precision over recall, and the share of positives that guessing reaches."""
    curve = quality.precision_recall()
    share = float(quality.labels.mean())

    def draw(axes: Axes) -> None:
        axes.plot(curve.x, curve.y, color=MODEL_COLOUR, linewidth=2, label="model")
        axes.axhline(share, color=_QUIET, linestyle="--", label=f"all positive, {share:.3f}")
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(loc="upper right")

    return _picture(draw)


def calibration_bins(quality: Quality) -> list[tuple[float, float, int]]:
    """Mean probability, observed share of positives and rows, for each tenth that has rows."""
    places = np.minimum((quality.probabilities * _BINS).astype(int), _BINS - 1)
    bins = []
    for place in range(_BINS):
        chosen = places == place
        if chosen.any():
            bins.append(
                (
                    float(quality.probabilities[chosen].mean()),
                    float(quality.labels[chosen].mean()),
                    int(chosen.sum()),
                )
            )
    return bins


def calibration_picture(quality: Quality) -> str:
    """Observed share of positives over predicted probability, by tenths."""
    bins = calibration_bins(quality)

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_QUIET, linestyle="--", label="perfect")
        axes.plot(
            [predicted for predicted, _, _ in bins],
            [observed for _, observed, _ in bins],
            color=MODEL_COLOUR,
            linewidth=2,
            marker="o",
            label="model",
        )
        axes.set(xlabel="mean predicted probability", ylabel="observed share", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(loc="upper left")

    return _picture(draw)


def scores_picture(quality: Quality, negative: str, positive: str) -> str:
    """How the probabilities of the two classes are spread, on a logarithmic scale."""
    edges = np.linspace(0.0, 1.0, 41)

    def draw(axes: Axes) -> None:
        for value, name, colour in ((0, negative, OTHER_COLOUR), (1, positive, MODEL_COLOUR)):
            scores: npt.NDArray[np.float32] = quality.probabilities[quality.labels == value]
            axes.hist(scores, bins=list(edges), color=colour, alpha=0.55, label=f"actual {_plain(name)}")
        axes.axvline(quality.threshold, color="#30363d", linestyle=":", label="decision threshold")
        axes.set_yscale("log")
        axes.set(xlabel="predicted probability", ylabel="rows (log scale)", xlim=(0, 1))
        axes.legend(loc="upper right")

    return _picture(draw)


def importance_picture(shares: Sequence[tuple[str, float]]) -> str:
    """Features by their share of the gain, greatest on top."""
    names = [name for name, _ in reversed(shares)]
    values = [100 * share for _, share in reversed(shares)]

    def draw(axes: Axes) -> None:
        bars = axes.barh(names, values, color=MODEL_COLOUR, height=0.7)
        axes.bar_label(bars, fmt="%.1f %%", padding=3, color="#30363d")
        axes.set(xlabel="share of the total gain, %", xlim=(0, max(values, default=1.0) * 1.18))
        axes.grid(visible=False, axis="y")

    return _picture(draw, height=max(1.6, 0.34 * len(names) + 0.8))
