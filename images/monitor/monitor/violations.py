"""constraint_violations.json: where a dataset is not what its constraints say.

Source of the form and of the checks: developer guide, "Schema for Violations".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor import comparison
from monitor.constraints import ComparisonMethod, Constraints, FeatureConstraints
from monitor.environment import CategoricalDriftMethod
from monitor.profiles import Categories, DatasetProfile, InferredType, Profile
from monitor.statistics import BaselineFeature

FILE_NAME = "constraint_violations.json"


class Check(StrEnum):
    """The checks of data quality, by Model Monitor's names."""

    DATA_TYPE = "data_type_check"
    COMPLETENESS = "completeness_check"
    BASELINE_DRIFT = "baseline_drift_check"
    MISSING_COLUMN = "missing_column_check"
    EXTRA_COLUMN = "extra_column_check"
    CATEGORICAL_VALUES = "categorical_values_check"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as it should be."""

    feature_name: str
    check: Check
    description: str


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a feature is from its baseline: a distance, or a p-value that is small for what is far."""

    value: float
    threshold: float
    is_p_value: bool = False

    @property
    def is_too_far(self) -> bool:
        """Whether the constraints take it for drift."""
        return self.value < self.threshold if self.is_p_value else self.value > self.threshold


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that a comparison with the baseline says; `drifts` by feature, where they were compared."""

    violations: tuple[Violation, ...]
    drifts: dict[str, Drift]


def violations_document(violations: tuple[Violation, ...]) -> dict[str, Any]:
    """The file's content."""
    return {
        "violations": [
            {
                "feature_name": violation.feature_name,
                "constraint_check_type": str(violation.check),
                "description": violation.description,
            }
            for violation in violations
        ]
    }


def verdict(
    current: DatasetProfile, constraints: Constraints, baseline: Mapping[str, BaselineFeature]
) -> Verdict:
    """What is wrong with `current`."""
    drifts = {
        feature.name: drift
        for feature in current.features
        if feature.name in constraints.features
        and (drift := _drift(feature, constraints.features[feature.name], baseline.get(feature.name)))
    }
    violations = [*_column_violations(current, constraints)]
    for feature in current.features:
        expected = constraints.features.get(feature.name)
        if expected is not None and expected.config.evaluate_constraints:
            violations += _feature_violations(feature, expected, drifts.get(feature.name))
    return Verdict(tuple(violations), drifts)


def _column_violations(current: DatasetProfile, constraints: Constraints) -> Iterator[Violation]:
    if not constraints.config.evaluate_constraints:
        return
    there = {feature.name for feature in current.features}
    counts = f"The dataset has {len(there)} columns, the constraints have {len(constraints.features)}."
    for name in constraints.features:
        if name not in there:
            yield Violation(name, Check.MISSING_COLUMN, f"Column {name} is missing. {counts}")
    for feature in current.features:
        if feature.name not in constraints.features:
            yield Violation(feature.name, Check.EXTRA_COLUMN, f"Column {feature.name} is extra. {counts}")


def _feature_violations(
    feature: Profile, expected: FeatureConstraints, drift: Drift | None
) -> Iterator[Violation]:
    checks = (
        (Check.DATA_TYPE, _data_type(feature, expected)),
        (Check.COMPLETENESS, _completeness(feature, expected)),
        (Check.CATEGORICAL_VALUES, _categorical_values(feature, expected)),
        (Check.BASELINE_DRIFT, _baseline_drift(drift)),
    )
    for check, description in checks:
        if description is not None:
            yield Violation(feature.name, check, description)


def _data_type(feature: Profile, expected: FeatureConstraints) -> str | None:
    threshold = expected.config.datatype_check_threshold
    share = matching_share(feature, expected.inferred_type)
    if share >= threshold:
        return None
    return (
        "Data type match requirement is not met. "
        f"Expected data type: {expected.inferred_type}, Expected match: {threshold:.1%}. "
        f"Observed: Only {share:.4%} of data is {expected.inferred_type}."
    )


def matching_share(feature: Profile, expected: InferredType) -> float:
    """The share of a feature's values that are of the expected type.

    A whole number is a fraction too, and anything can be text; but where no
    value at all is text, words have become numbers.
    """
    types = feature.types
    if not feature.present:
        return 1.0
    match expected:
        case InferredType.INTEGRAL:
            return types.integral / feature.present
        case InferredType.FRACTIONAL:
            return (types.integral + types.fractional) / feature.present
        case InferredType.STRING:
            return 1.0 if types.text else 0.0
    return 1.0


def _completeness(feature: Profile, expected: FeatureConstraints) -> str | None:
    if feature.completeness >= expected.completeness:
        return None
    return (
        f"Completeness requirement is not met. Expected: {expected.completeness:.1%}. "
        f"Observed: Only {feature.completeness:.4%} of rows have a value."
    )


def _categorical_values(feature: Profile, expected: FeatureConstraints) -> str | None:
    if expected.domains is None or feature.categories is None:
        return None
    threshold = expected.config.domain_content_threshold
    domain = set(expected.domains)
    inside = sum(count for value, count in feature.categories.counts.items() if value in domain)
    share = inside / feature.present
    if share >= threshold:
        return None
    strange = [value for value in feature.categories.counts if value not in domain]
    return (
        f"Domain requirement is not met. Expected match: {threshold:.1%}. "
        f"Observed: Only {share:.4%} of values are in the domain. "
        f"Not in it: {', '.join(strange[:5])}{' …' if len(strange) > 5 else ''}."
    )


def _baseline_drift(drift: Drift | None) -> str | None:
    if drift is None or not drift.is_too_far:
        return None
    if drift.is_p_value:
        return f"Chi-squared p-value: {drift.value} is below threshold: {drift.threshold}"
    return f"Baseline drift distance: {drift.value} exceeds threshold: {drift.threshold}"


def _drift(feature: Profile, expected: FeatureConstraints, baseline: BaselineFeature | None) -> Drift | None:
    """How far the feature is from its baseline; None where the two cannot be compared."""
    config = expected.config
    if baseline is None or not config.perform_comparison:
        return None
    robust = config.comparison_method is ComparisonMethod.ROBUST
    if feature.numbers is not None and baseline.sketch is not None:
        distance = comparison.sketch_distance(baseline.sketch, feature.numbers.sketch, robust)
        return Drift(distance, config.comparison_threshold)
    if feature.categories is None or baseline.counts is None:
        return None
    now = _with_the_rest(feature.categories, feature.present)
    then = _with_the_rest(Categories(len(baseline.counts), baseline.counts), baseline.present)
    if config.categorical_drift_method is CategoricalDriftMethod.CHI_SQUARED:
        p_value = comparison.chi_squared_p_value(then, now)
        threshold = config.categorical_comparison_threshold
        return None if p_value is None else Drift(p_value, threshold, is_p_value=True)
    return Drift(comparison.category_distance(then, now, robust), config.categorical_comparison_threshold)


# No value of a file can be this: lines end before it.
_REST = "\n"


def _with_the_rest(categories: Categories, present: int) -> dict[str, int]:
    """The counts, and as one category whatever is beyond those that are told."""
    rest = present - sum(categories.counts.values())
    return {**categories.counts, _REST: rest} if rest else dict(categories.counts)
