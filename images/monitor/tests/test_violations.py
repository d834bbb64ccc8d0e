"""Which violation a feature is."""

from dataclasses import replace

import pytest
from monitor.constraints import ComparisonMethod, Constraints, FeatureConstraints, MonitoringConfig
from monitor.environment import CategoricalDriftMethod
from monitor.profiles import Categories, DatasetProfile, InferredType, Numbers, Profile, Sketch, TypeCounts
from monitor.statistics import BaselineFeature
from monitor.violations import Check, matching_share, verdict

INTEGRAL, STRING = InferredType.INTEGRAL, InferredType.STRING


def ages(count: int = 1000, shift: float = 0, types: TypeCounts | None = None, missing: int = 0) -> Profile:
    values = tuple(float(value) + shift for value in range(count))
    sketch = Sketch(0.64, 2048, (values,))
    numbers = Numbers(0.0, 0.0, 0.0, min(values), max(values), (), sketch)
    return Profile("age", count, missing, types or TypeCounts(integral=count), numbers=numbers)


def cities(**counts: int) -> Profile:
    total = sum(counts.values())
    return Profile("city", total, 0, TypeCounts(text=total), categories=Categories(len(counts), dict(counts)))


def checks(
    current: Profile,
    expected: InferredType,
    baseline: BaselineFeature | None = None,
    config: MonitoringConfig | None = None,
    completeness: float = 1.0,
    domains: tuple[str, ...] | None = None,
) -> list[Check]:
    """The checks that fail for one feature."""
    config = config or MonitoringConfig()
    constraint = FeatureConstraints(current.name, expected, completeness, domains, config)
    found = verdict(
        DatasetProfile(current.present + current.missing, (current,)),
        Constraints({current.name: constraint}, config),
        {current.name: baseline} if baseline else {},
    )
    return [violation.check for violation in found.violations]


def baseline_of(feature: Profile) -> BaselineFeature:
    return BaselineFeature(
        sketch=feature.numbers.sketch if feature.numbers else None,
        counts=feature.categories.counts if feature.categories else None,
        present=feature.present,
    )


def test_a_feature_like_its_baseline_violates_nothing() -> None:
    assert checks(ages(), INTEGRAL, baseline_of(ages())) == []


def test_numbers_that_moved_have_drifted() -> None:
    assert checks(ages(shift=300), INTEGRAL, baseline_of(ages())) == [Check.BASELINE_DRIFT]


def test_what_a_small_sample_may_differ_is_drift_for_simple_alone() -> None:
    # 20 values of the baseline's range, moved by 150: chance gives 20 values up to 0.41.
    sample = Sketch(0.64, 2048, (tuple(float(value) + 150 for value in range(0, 1000, 50)),))
    moved = replace(ages(20), numbers=Numbers(0.0, 0.0, 0.0, 150.0, 1100.0, (), sample))
    simple = replace(MonitoringConfig(), comparison_method=ComparisonMethod.SIMPLE)

    assert checks(moved, INTEGRAL, baseline_of(ages())) == []
    assert checks(moved, INTEGRAL, baseline_of(ages()), simple) == [Check.BASELINE_DRIFT]


@pytest.mark.parametrize(
    ("types", "expected", "share"),
    [
        (TypeCounts(integral=996, text=4), INTEGRAL, 0.996),
        (TypeCounts(integral=900, fractional=100), INTEGRAL, 0.9),
        (TypeCounts(integral=900, fractional=100), InferredType.FRACTIONAL, 1.0),
        (TypeCounts(fractional=999, not_finite=1), InferredType.FRACTIONAL, 0.999),
        (TypeCounts(integral=999, text=1), STRING, 1.0),
        (TypeCounts(integral=1000), STRING, 0.0),
        (TypeCounts(integral=1000), InferredType.UNKNOWN, 1.0),
    ],
)
def test_how_much_is_of_a_type(types: TypeCounts, expected: InferredType, share: float) -> None:
    assert matching_share(Profile("age", 1000, 0, types), expected) == pytest.approx(share)


def test_a_type_that_is_met_too_rarely_violates() -> None:
    some_text = Profile("age", 1000, 0, TypeCounts(integral=996, text=4))

    assert checks(some_text, INTEGRAL) == [Check.DATA_TYPE]
    tolerant = replace(MonitoringConfig(), datatype_check_threshold=0.9)
    assert checks(some_text, INTEGRAL, config=tolerant) == []


def test_gaps_violate_beyond_the_baselines() -> None:
    assert checks(ages(missing=100), INTEGRAL, completeness=0.95) == [Check.COMPLETENESS]
    assert checks(ages(missing=100), INTEGRAL, completeness=0.9) == []


def test_values_outside_the_domain_violate() -> None:
    assert checks(cities(a=9, z=1), STRING, domains=("a", "b")) == [Check.CATEGORICAL_VALUES]
    tolerant = replace(MonitoringConfig(), domain_content_threshold=0.9)
    assert checks(cities(a=9, z=1), STRING, config=tolerant, domains=("a", "b")) == []


def test_categories_that_moved_have_drifted_by_either_method() -> None:
    before, now = baseline_of(cities(a=5000, b=5000)), cities(a=700, b=300)
    chi_squared = replace(MonitoringConfig(), categorical_drift_method=CategoricalDriftMethod.CHI_SQUARED)

    assert checks(now, STRING, before) == [Check.BASELINE_DRIFT]
    assert checks(now, STRING, before, chi_squared) == [Check.BASELINE_DRIFT]
    assert checks(cities(a=495, b=505), STRING, before, chi_squared) == []


def test_nothing_is_checked_where_it_is_switched_off() -> None:
    off = replace(MonitoringConfig(), evaluate_constraints=False)
    assert checks(ages(shift=300, missing=5), INTEGRAL, baseline_of(ages()), off) == []
    no_comparison = replace(MonitoringConfig(), perform_comparison=False)
    assert checks(ages(shift=300), INTEGRAL, baseline_of(ages()), no_comparison) == []


def test_columns_that_are_missing_or_extra_are_named() -> None:
    config = MonitoringConfig()
    constraint = FeatureConstraints("rate", INTEGRAL, 1.0, None, config)

    found = verdict(DatasetProfile(1000, (ages(),)), Constraints({"rate": constraint}, config), {})

    assert {(each.feature_name, each.check) for each in found.violations} == {
        ("rate", Check.MISSING_COLUMN),
        ("age", Check.EXTRA_COLUMN),
    }
