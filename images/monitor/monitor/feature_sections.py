"""The report's part on data quality: features by drift, and what they were like then and are now."""

from collections.abc import Mapping, Sequence
from html import escape

from monitor import drawing
from monitor.profiles import Categories, DatasetProfile, Profile, Sketch
from monitor.statistics import BaselineFeature
from monitor.violations import Drift

# A page of some hundred kilobytes, however wide the data is.
_IN_DETAIL = 50
_BINS = 24


def feature_sections(
    profile: DatasetProfile,
    drifts: Mapping[str, Drift],
    baseline: Mapping[str, BaselineFeature],
    violated: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """HTML: the worst features first; those beyond the first fifty as one table."""
    ranked = sorted(profile.features, key=lambda each: _rank(each.name, drifts, violated))
    shown, rest = ranked[:_IN_DETAIL], ranked[_IN_DETAIL:]
    sections = []
    compared = [each for each in shown if each.name in drifts]
    if compared:
        rows = "".join(_drift_row(each.name, drifts[each.name]) for each in compared)
        sections.append(
            "<h2>Drift</h2><p>How far each feature is from its baseline, the farthest first; the mark is "
            f'what the constraints allow.</p><div class="card"><table>{rows}</table></div>'
        )
    key = (
        '<p class="key"><span class="then"></span>baseline <span class="now"></span>now</p>'
        if baseline
        else ""
    )
    cards = "".join(_card(each, baseline.get(each.name)) for each in shown)
    sections.append(f'<h2>Features</h2>{key}<div class="cards">{cards}</div>')
    if rest:
        rows = "".join(_rest_row(each, drifts.get(each.name)) for each in rest)
        sections.append(
            f"<h2>{len(rest):,} more features</h2>"
            '<div class="card"><table><thead><tr><th>Feature</th><th>Type</th><th class="n">Missing</th>'
            f'<th class="n">Drift</th></tr></thead><tbody>{rows}</tbody></table></div>'
        )
    return tuple(sections)


def _rank(name: str, drifts: Mapping[str, Drift], violated: frozenset[str]) -> tuple[bool, float]:
    drift = drifts.get(name)
    if drift is None:
        return name not in violated, 0.0
    # How many times beyond what is allowed; of a p-value less is farther.
    smallest = 1e-12
    ratio = (drift.value or smallest) / (drift.threshold or smallest)
    return name not in violated, ratio if drift.is_p_value else -ratio


def _drift_row(name: str, drift: Drift) -> str:
    if drift.is_p_value:
        said = f"p = {drift.value:.3g}, at least {drift.threshold:g}"
        bar = drawing.bar(1 - drift.value, 1 - drift.threshold, drift.is_too_far)
    else:
        said = f"{drift.value:.3f} of {drift.threshold:g}"
        bar = drawing.bar(drift.value, drift.threshold, drift.is_too_far)
    mark = " <b>too far</b>" if drift.is_too_far else ""
    return f'<tr><th>{escape(name)}</th><td class="wide">{bar}</td><td class="n">{said}{mark}</td></tr>'


def _card(feature: Profile, baseline: BaselineFeature | None) -> str:
    return (
        f"<figure><figcaption><b>{escape(feature.name)}</b><br>{escape(_facts(feature))}</figcaption>"
        f"{_picture(feature, baseline)}</figure>"
    )


def _facts(feature: Profile) -> str:
    facts = [str(feature.inferred_type)]
    if feature.missing:
        facts.append(f"{1 - feature.completeness:.1%} missing")
    if feature.numbers is not None:
        numbers = feature.numbers
        facts.append(f"mean {drawing.number(numbers.mean)}, deviation {drawing.number(numbers.std_dev)}")
    if feature.categories is not None:
        facts.append(f"{feature.categories.distinct:,} distinct")
    return " · ".join(facts)


def _picture(feature: Profile, baseline: BaselineFeature | None) -> str:
    if feature.numbers is not None:
        then = baseline.sketch if baseline else None
        return _numbers_picture(feature.name, feature.numbers.sketch, then)
    if feature.categories is not None:
        return _categories_picture(feature, feature.categories, baseline)
    return "<p>No value to show.</p>"


def _numbers_picture(name: str, now: Sketch, then: Sketch | None) -> str:
    sketches = {"then": then, "now": now} if then else {"now": now}
    values = [item for sketch in sketches.values() if sketch for level in sketch.levels for item in level]
    low, high = min(values), max(values)
    shares = {style: _shares(sketch, low, high) for style, sketch in sketches.items() if sketch}
    return drawing.histogram(shares, low, high, f"How {name} is distributed")


def _shares(sketch: Sketch, low: float, high: float) -> Sequence[float]:
    """The share of values in each of equally wide bins."""
    # Halved, for the difference of two doubles need not be one.
    width = (high / 2 - low / 2) / _BINS or 1.0
    counts = [0] * _BINS
    for level, items in enumerate(sketch.levels):
        for item in items:
            counts[min(int((item / 2 - low / 2) / width), _BINS - 1)] += 1 << level
    total = sum(counts) or 1
    return [count / total for count in counts]


def _categories_picture(feature: Profile, now: Categories, baseline: BaselineFeature | None) -> str:
    then = baseline.counts if baseline else None
    shares = {"now": {name: count / feature.present for name, count in now.counts.items()}}
    if baseline and then:
        shares = {"then": {name: count / baseline.present for name, count in then.items()}, **shares}
    names = sorted({*now.counts, *(then or ())}, key=lambda name: -max(_of(shares, name).values()))
    return drawing.category_bars(
        [(name, _of(shares, name)) for name in names], f"How often {feature.name} has which value"
    )


def _of(shares: Mapping[str, Mapping[str, float]], name: str) -> dict[str, float]:
    return {style: of_all.get(name, 0.0) for style, of_all in shares.items()}


def _rest_row(feature: Profile, drift: Drift | None) -> str:
    told = "" if drift is None else f"{drift.value:.3f}"
    return (
        f"<tr><th>{escape(feature.name)}</th><td>{feature.inferred_type}</td>"
        f'<td class="n">{1 - feature.completeness:.1%}</td><td class="n">{told}</td></tr>'
    )
