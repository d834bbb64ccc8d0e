"""What a person sees of an analysis."""

import re
from html.parser import HTMLParser
from typing import Any

from monitor.feature_sections import feature_sections
from monitor.findings import Metric
from monitor.metric_sections import metric_sections
from monitor.page import page
from monitor.profiles import Categories, DatasetProfile, Numbers, Profile, Sketch, TypeCounts
from monitor.quality_constraints import Constraint, Operator
from monitor.statistics import BaselineFeature
from monitor.violations import Drift

STRANGE = '<script>alert("x")</script>'
# Of elements that HTML closes by itself.
VOID = {"meta", "br"}


def numbers(name: str, shift: float = 0.0) -> Profile:
    values = tuple(float(value) + shift for value in range(200))
    sketch = Sketch(0.64, 2048, (values,))
    found = Numbers(99.5 + shift, 0.0, 57.7, min(values), max(values), (), sketch)
    return Profile(name, 200, 50, TypeCounts(integral=200), numbers=found)


def categories(name: str, **counts: int) -> Profile:
    present = sum(counts.values())
    return Profile(
        name, present, 0, TypeCounts(text=present), categories=Categories(len(counts), dict(counts))
    )


def report(**values: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "analysis": "data-quality",
        "command": "drift",
        "endpoint": None,
        "schedule": None,
        "start_time": None,
        "end_time": None,
        "rows": 250,
        "left_out": 0,
        "violations": 0,
        "drifts": {},
        "metrics": {},
        "ground_truth": None,
    }
    return empty | values


def violation(name: str, check: str = "baseline_drift_check", text: str = "It is far.") -> dict[str, str]:
    return {"feature_name": name, "constraint_check_type": check, "description": text}


class Checker(HTMLParser):
    """Reads a page; `stack` holds what is open, `text` all that a person reads."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.stack:
            self.text += data + " "


def read(html: str) -> Checker:
    """A page whose elements are all closed, and which asks for nothing that is elsewhere."""
    checker = Checker()
    checker.feed(html)
    assert checker.stack == []
    for tag, attributes in checker.seen:
        assert tag not in ("script", "link", "img", "iframe", "object"), tag
        assert not {"src", "href", "srcset", "onload", "onclick"} & set(attributes), (tag, attributes)
    assert "url(" not in html
    assert "@import" not in html
    return checker


def drift_page(name: str = "age") -> str:
    profile = DatasetProfile(250, (categories("city", Bern=150, Oslo=50), numbers(name, shift=40)))
    baseline = {
        name: BaselineFeature(sketch=numbers(name).numbers.sketch, present=200),  # type: ignore[union-attr]
        "city": BaselineFeature(counts={"Bern": 100, "Oslo": 100}, present=200),
    }
    drifts = {name: Drift(0.2, 0.1), "city": Drift(0.05, 0.1)}
    sections = feature_sections(profile, drifts, baseline, frozenset([name]))
    return page(report(violations=1), [violation(name)], sections)


def test_a_page_says_what_is_wrong_first_and_shows_then_and_now() -> None:
    html = drift_page()
    seen = read(html)

    assert "1 violation in 250 rows" in seen.text
    assert "age is distributed differently" in " ".join(seen.text.split())
    assert seen.text.index("too far") < seen.text.index("0.050 of 0.1")
    # The histogram of numbers as outlines, categories as bars: one for then, one for now.
    for style in ("then", "now"):
        assert len(re.findall(f'<path class="{style}"', html)) == 1
    city = html[html.index("<b>city</b>") :]
    assert (city.count('<rect class="then"'), city.count('<rect class="now"')) == (2, 2)
    assert "50% → 75%" in city


def test_names_and_values_from_the_data_are_text() -> None:
    html = drift_page(STRANGE)
    assert STRANGE in read(html).text
    profile = DatasetProfile(2, (categories(STRANGE, **{STRANGE: 2}),))

    seen = read(page(report(endpoint=STRANGE), [violation(STRANGE, STRANGE, STRANGE)], ()))
    assert seen.text.count(STRANGE) >= 4
    # A long name is cut, and still no element.
    assert "<script>alert(…" in read(page(report(), [], feature_sections(profile, {}, {}))).text


def test_a_page_on_two_thousand_features_tells_of_all_and_shows_the_worst() -> None:
    features = tuple(numbers(f"feature {number}") for number in range(2000))
    drifts = {each.name: Drift(number / 2000, 0.5) for number, each in enumerate(features)}
    violations = [violation(f"feature {number}") for number in range(1001, 2000)]

    html = page(
        report(violations=len(violations)),
        violations,
        feature_sections(DatasetProfile(250, features), drifts, {}),
    )

    seen = read(html)
    assert len(html) < 1_000_000
    assert html.count("<figure>") == 50
    assert "899 more in constraint_violations.json" in seen.text
    assert all(f"feature {number} " in seen.text for number in range(2000))
    assert seen.text.index("feature 1999 ", seen.text.index("Drift")) < seen.text.index("feature 1998 ")


def test_a_feature_of_one_value_and_one_without_any_are_drawn() -> None:
    one = Numbers(3.0, 3.0, 0.0, 3.0, 3.0, (), Sketch(0.64, 2048, ((3.0,),)))
    profile = DatasetProfile(
        1,
        (
            Profile("one", 1, 0, TypeCounts(integral=1), numbers=one),
            Profile("none", 0, 1, TypeCounts()),
        ),
    )

    seen = read(page(report(command="baseline"), [], feature_sections(profile, {}, {})))

    assert "A baseline of 250 rows" in seen.text
    assert "No value to show." in seen.text


def test_a_page_on_the_widest_doubles_has_finite_coordinates() -> None:
    ends = Sketch(0.64, 2048, ((-1.7e308, 0.0, 1.7e308),))
    found = Numbers(0.0, 0.0, 1.0, -1.7e308, 1.7e308, (), ends)
    profile = DatasetProfile(3, (Profile("wide", 3, 0, TypeCounts(fractional=3), numbers=found),))

    html = page(report(), [], feature_sections(profile, {}, {}))

    assert re.search(r"\b(nan|inf)\b", html) is None


def test_measures_stand_against_what_is_allowed() -> None:
    metrics = {
        "accuracy": Metric(0.80, 0.01),
        "accuracy_best_constant_classifier": Metric(0.7),
        "auc": Metric(0.91),
        "f1": Metric(None),
    }
    details = {
        "confusion_matrix": {"no": {"no": 60, "yes": 10}, STRANGE: {"yes": 20}},
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": [0.0, 0.2, 1.0],
            "true_positive_rates": [0.0, 0.9, 1.0],
        },
    }
    # Three deviations of one row, 0.4, are 0.12 in a hundred rows.
    constraints = {
        "accuracy": Constraint(0.95, Operator.LESS, 0.4),
        "auc": Constraint(0.95, Operator.LESS, 0.4),
    }

    sections = metric_sections(metrics, details, constraints, rows=100, tolerance=3)
    html = page(report(analysis="model-quality"), [], sections)

    seen = read(html)
    assert re.search(r"<th>accuracy</th><td class=\"n wrong\"><b>violated</b> 0.8</td>", html)
    assert "≥ 0.83" in seen.text
    assert re.search(r'<th>auc</th><td class="n">0.91</td>', html)
    assert re.search(r'<th>f1</th><td class="n">–</td>', html)
    assert "accuracy best constant" not in seen.text
    assert STRANGE in seen.text
    assert "AUC 0.9100" in seen.text
