"""constraints.json: what a baseline suggests, and what a dataset must satisfy.

Source of the form: developer guide, "Schema for Constraints"; the thresholds are
those of the files that the SDK's tests carry.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from smcontract.failure import ContractError

from monitor.environment import CategoricalDriftMethod
from monitor.files import read_document
from monitor.profiles import DatasetProfile, InferredType, Profile

FILE_NAME = "constraints.json"
# Deequ's own rule for suggesting a domain (CategoricalRangeRule): values that
# are seen once say nothing of the next row.
_LARGEST_SHARE_SEEN_ONCE = 0.1
_OVERRIDES = ("monitoringConfigOverrides", "monitoring_config_overrides")


class ComparisonMethod(StrEnum):
    """Whether the number of rows is allowed for."""

    SIMPLE = "Simple"
    ROBUST = "Robust"


@dataclass(frozen=True, slots=True)
class MonitoringConfig:
    """How strictly a feature is looked at; the thresholds of values are shares that must match."""

    evaluate_constraints: bool = True
    emit_metrics: bool = True
    datatype_check_threshold: float = 1.0
    domain_content_threshold: float = 1.0
    perform_comparison: bool = True
    comparison_threshold: float = 0.1
    comparison_method: ComparisonMethod = ComparisonMethod.ROBUST
    categorical_comparison_threshold: float = 0.1
    categorical_drift_method: CategoricalDriftMethod = CategoricalDriftMethod.L_INFINITY


@dataclass(frozen=True, slots=True)
class FeatureConstraints:
    """What is expected of one feature."""

    name: str
    inferred_type: InferredType
    completeness: float
    domains: tuple[str, ...] | None
    config: MonitoringConfig


@dataclass(frozen=True, slots=True)
class Constraints:
    """What is expected of a dataset, by feature in the order of the columns."""

    features: dict[str, FeatureConstraints]
    config: MonitoringConfig

    def without(self, names: Collection[str]) -> "Constraints":
        """The constraints of all other features."""
        return replace(
            self, features={name: each for name, each in self.features.items() if name not in names}
        )


def suggested_document(
    profile: DatasetProfile, drift_method: CategoricalDriftMethod | None
) -> dict[str, Any]:
    """The constraints that a baseline itself satisfies."""
    config = MonitoringConfig()
    return {
        "version": 0.0,
        "features": [_suggested(feature) for feature in profile.features],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": config.datatype_check_threshold,
            "domain_content_threshold": config.domain_content_threshold,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": config.comparison_threshold,
                "comparison_method": str(config.comparison_method),
                "categorical_comparison_threshold": config.categorical_comparison_threshold,
                "categorical_drift_method": str(drift_method or config.categorical_drift_method),
            },
        },
    }


def _suggested(feature: Profile) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": feature.name,
        "inferred_type": str(feature.inferred_type),
        "completeness": feature.completeness,
    }
    if feature.numbers is not None:
        document["num_constraints"] = {"is_non_negative": feature.numbers.min >= 0}
    domains = suggested_domains(feature)
    if domains is not None:
        document["string_constraints"] = {"domains": domains}
    return document


def suggested_domains(feature: Profile) -> list[str] | None:
    """The values of a feature, where they are few and come again."""
    categories = feature.categories
    if categories is None or not categories.is_complete:
        return None
    seen_once = sum(1 for count in categories.counts.values() if count == 1)
    if seen_once > _LARGEST_SHARE_SEEN_ONCE * categories.distinct:
        return None
    return sorted(categories.counts)


def read_constraints(path: Path, drift_method: CategoricalDriftMethod | None) -> Constraints:
    """The constraints in a file; `drift_method` is the job's own choice over the file's.

    Raises ContractError that names the key for whatever is not as it should be.
    """
    document = read_document(path, "baseline_constraints")
    reading = _Reading(f"baseline_constraints {path}")
    features = document.get("features")
    if not isinstance(features, list):
        raise ContractError(
            f"{reading.where} has no list 'features'; give the {FILE_NAME} of a data quality baseline."
        )
    config = reading.config(
        document.get("monitoring_config") or {}, MonitoringConfig(), "monitoring_config", drift_method
    )
    read = [
        reading.feature(feature, f"features[{place}]", config, drift_method)
        for place, feature in enumerate(features)
    ]
    return Constraints({feature.name: feature for feature in read}, config)


Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file that is read; every error names it."""

    where: str

    def feature(
        self, document: Any, key: str, config: MonitoringConfig, method: CategoricalDriftMethod | None
    ) -> FeatureConstraints:
        if not isinstance(document, dict) or not isinstance(document.get("name"), str):
            raise ContractError(f"{self.where}: {key} must be a JSON object with a 'name'.")
        overrides: Any = next((document[name] for name in _OVERRIDES if document.get(name)), {})
        domains = (document.get("string_constraints") or {}).get("domains")
        if domains is not None and not isinstance(domains, list):
            raise ContractError(f"{self.where}: {key}.string_constraints.domains must be a list of texts.")
        return FeatureConstraints(
            name=document["name"],
            inferred_type=self.choice(document, "inferred_type", InferredType, key, InferredType.UNKNOWN),
            completeness=self.share(document, "completeness", key, 0.0),
            domains=None if domains is None else tuple(map(str, domains)),
            config=self.config(overrides, config, f"{key}.{_OVERRIDES[0]}", method),
        )

    def config(
        self, document: Any, default: MonitoringConfig, key: str, method: CategoricalDriftMethod | None
    ) -> MonitoringConfig:
        if not isinstance(document, dict):
            raise ContractError(f"{self.where}: {key} must be a JSON object.")
        distribution = document.get("distribution_constraints") or {}
        if not isinstance(distribution, dict):
            raise ContractError(f"{self.where}: {key}.distribution_constraints must be a JSON object.")
        inner = f"{key}.distribution_constraints"
        threshold = self.share(distribution, "comparison_threshold", inner, default.comparison_threshold)
        # Left out, a threshold for categories is the one for numbers.
        categorical_default = (
            threshold if "comparison_threshold" in distribution else default.categorical_comparison_threshold
        )
        return MonitoringConfig(
            evaluate_constraints=self.switch(
                document, "evaluate_constraints", key, default.evaluate_constraints
            ),
            emit_metrics=self.switch(document, "emit_metrics", key, default.emit_metrics),
            datatype_check_threshold=self.share(
                document, "datatype_check_threshold", key, default.datatype_check_threshold
            ),
            domain_content_threshold=self.share(
                document, "domain_content_threshold", key, default.domain_content_threshold
            ),
            perform_comparison=self.switch(
                distribution, "perform_comparison", inner, default.perform_comparison
            ),
            comparison_threshold=threshold,
            comparison_method=self.choice(
                distribution, "comparison_method", ComparisonMethod, inner, default.comparison_method
            ),
            categorical_comparison_threshold=self.share(
                distribution, "categorical_comparison_threshold", inner, categorical_default
            ),
            categorical_drift_method=method
            or self.choice(
                distribution,
                "categorical_drift_method",
                CategoricalDriftMethod,
                inner,
                default.categorical_drift_method,
            ),
        )

    def share(self, document: Mapping[str, Any], name: str, key: str, default: float) -> float:
        value = document.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ContractError(f"{self.where}: {key}.{name} must be a number from 0 to 1, got {value!r}.")
        return float(value)

    def switch(self, document: Mapping[str, Any], name: str, key: str, default: bool) -> bool:
        value = document.get(name, "Enabled" if default else "Disabled")
        if value not in ("Enabled", "Disabled"):
            raise ContractError(f"{self.where}: {key}.{name} must be Enabled or Disabled, got {value!r}.")
        return bool(value == "Enabled")

    def choice(
        self, document: Mapping[str, Any], name: str, kind: type[Choice], key: str, default: Choice
    ) -> Choice:
        value = document.get(name, default)
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(kind)
            raise ContractError(
                f"{self.where}: {key}.{name} must be one of {allowed}, got {value!r}."
            ) from None
