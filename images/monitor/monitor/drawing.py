"""Small SVG pictures whose colours the page's style gives, so that they work in the dark too."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 320, 96
_BASE = HEIGHT - 16
_CATEGORIES = 8


def picture(content: str, description: str, height: float = HEIGHT) -> str:
    """An SVG of the page's width of pictures."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(description)}">{content}</svg>'
    )


def text(x: float, y: float, content: str, anchor: str = "start") -> str:
    """A quiet label."""
    return f'<text x="{_short(x)}" y="{_short(y)}" text-anchor="{anchor}">{escape(content)}</text>'


def histogram(shares: Mapping[str, Sequence[float]], low: float, high: float, description: str) -> str:
    """Shares of equally wide bins from `low` to `high`, one outline for each class of `shares`."""
    most = max((share for bins in shares.values() for share in bins), default=0.0) or 1.0
    outlines = "".join(
        f'<path class="{name}" d="{_steps([share / most for share in bins])}"/>'
        for name, bins in shares.items()
    )
    labels = text(0, HEIGHT - 2, number(low)) + text(WIDTH, HEIGHT - 2, number(high), "end")
    return picture(outlines + labels, description)


def _steps(heights: Sequence[float]) -> str:
    width = WIDTH / len(heights)
    points = [f"M0 {_BASE}"]
    for place, height in enumerate(heights):
        points.append(f"V{_short(_BASE - height * (_BASE - 4))}H{_short((place + 1) * width)}")
    return "".join(points) + f"V{_BASE}Z"


def category_bars(shares: Sequence[tuple[str, Mapping[str, float]]], description: str) -> str:
    """A pair of bars for each of the first categories: class and share of each."""
    rows, labelled = [], 104
    scale = (WIDTH - labelled - 66) / (max((max(bars.values()) for _, bars in shares), default=0.0) or 1.0)
    for place, (name, bars) in enumerate(shares[:_CATEGORIES]):
        top = place * 22
        rows.append(text(0, top + 13, name if len(name) <= 15 else f"{name[:14]}…"))
        for line, (style, share) in enumerate(bars.items()):
            width = _short(share * scale)
            y = top + 2 + 8 * line
            rows.append(f'<rect class="{style}" x="{labelled}" y="{y}" width="{width}" height="7"/>')
        shown = " → ".join(f"{share:.0%}" for share in bars.values())
        rows.append(text(labelled + max(bars.values()) * scale + 4, top + 13, shown))
    return picture("".join(rows), description, height=22 * min(len(shares), _CATEGORIES))


def line(values: Sequence[float | None], description: str, from_zero: bool) -> str:
    """Values over the windows, from the oldest on; nothing where there is none."""
    there = [value for value in values if value is not None]
    if not there:
        return "<p>No value to show.</p>"
    low, high = 0.0 if from_zero else min(there), max(there)
    span = (high - low) or abs(high) or 1.0
    low, high = low - 0.08 * span, high + 0.08 * span
    step = (WIDTH - 16) / max(len(values) - 1, 1)

    def y(value: float) -> str:
        return _short(_BASE - (value - low) / (high - low) * (_BASE - 4))

    dots = [(8 + step * place, value) for place, value in enumerate(values) if value is not None]
    path = "L".join(f"{_short(x)} {y(value)}" for x, value in dots)
    content = f'<path class="trend" d="M{path}"/>' + "".join(
        f'<circle cx="{_short(x)}" cy="{y(value)}" r="2.5"/>' for x, value in dots
    )
    first, last = dots[0][1], dots[-1][1]
    return picture(
        content + text(0, HEIGHT - 2, number(first)) + text(WIDTH, HEIGHT - 2, number(last), "end"),
        description,
    )


def curve(xs: Sequence[float], ys: Sequence[float], description: str, has_diagonal: bool) -> str:
    """A curve in the unit square; of many points some are drawn."""
    size = 240
    step = max(1, len(xs) // 300)
    chosen = [*range(0, len(xs), step), len(xs) - 1]
    path = "L".join(f"{_short(xs[place] * size)} {_short(size - ys[place] * size)}" for place in chosen)
    diagonal = f'<path class="threshold" d="M0 {size}L{size} 0"/>' if has_diagonal else ""
    return (
        f'<svg viewBox="-4 -4 {size + 8} {size + 8}" role="img" aria-label="{escape(description)}">'
        f'<rect class="frame" width="{size}" height="{size}"/>{diagonal}'
        f'<path class="trend" d="M{path}"/></svg>'
    )


def bar(value: float, threshold: float, is_over: bool) -> str:
    """A value from 0 to 1 against its threshold."""
    style = "over" if is_over else "now"
    return (
        f'<svg class="bar" viewBox="0 0 {WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="frame" width="{WIDTH}" height="10"/>'
        f'<rect class="{style}" width="{_short(WIDTH * min(value, 1.0))}" height="10"/>'
        f'<path class="threshold" d="M{_short(WIDTH * threshold)} 0V10"/></svg>'
    )


def number(value: float) -> str:
    """A number for a person: whole ones whole, others with four digits."""
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    return f"{value:.4g}"


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
