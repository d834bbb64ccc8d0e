"""Suggesting and reading constraints."""

import json
from pathlib import Path
from typing import Any

import pytest
from monitor.constraints import ComparisonMethod, read_constraints, suggested_document, suggested_domains
from monitor.environment import CategoricalDriftMethod
from monitor.profiles import Categories, DatasetProfile, InferredType, Profile, TypeCounts
from smcontract.failure import ContractError

FEATURE = {"name": "age", "inferred_type": "Integral", "completeness": 1.0}


def written(folder: Path, document: object) -> Path:
    path = folder / "constraints.json"
    path.write_text(json.dumps(document))
    return path


def words(counts: dict[str, int], distinct: int | None = None) -> Profile:
    total = sum(counts.values())
    categories = Categories(len(counts) if distinct is None else distinct, counts)
    return Profile("city", total, 0, TypeCounts(text=total), categories=categories)


def test_what_is_suggested_can_be_read(tmp_path: Path) -> None:
    profile = DatasetProfile(6, (words({"b": 4, "a": 2}),))
    path = written(tmp_path, suggested_document(profile, CategoricalDriftMethod.CHI_SQUARED))

    constraints = read_constraints(path, None)

    city = constraints.features["city"]
    assert (city.inferred_type, city.completeness, city.domains) == (InferredType.STRING, 1.0, ("a", "b"))
    assert city.config.categorical_drift_method is CategoricalDriftMethod.CHI_SQUARED
    assert city.config.comparison_method is ComparisonMethod.ROBUST


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (words({"a": 2, "b": 2}), ["a", "b"]),
        (words({"a": 9, "b": 1}), None),
        (words({"a": 2, "b": 2}, distinct=1001), None),
    ],
)
def test_a_domain_is_suggested_where_values_come_again(feature: Profile, expected: list[str] | None) -> None:
    assert suggested_domains(feature) == expected


@pytest.mark.parametrize("key", ["monitoringConfigOverrides", "monitoring_config_overrides"])
def test_a_feature_may_be_looked_at_in_its_own_way(tmp_path: Path, key: str) -> None:
    overrides = {"datatype_check_threshold": 0.5, "distribution_constraints": {"comparison_threshold": 0.3}}
    path = written(
        tmp_path,
        {
            "features": [FEATURE | {key: overrides}, FEATURE | {"name": "rate"}],
            "monitoring_config": {"distribution_constraints": {"comparison_method": "Simple"}},
        },
    )

    constraints = read_constraints(path, None)

    age, rate = constraints.features["age"].config, constraints.features["rate"].config
    assert (age.datatype_check_threshold, age.comparison_threshold) == (0.5, 0.3)
    assert (rate.datatype_check_threshold, rate.comparison_threshold) == (1.0, 0.1)
    assert age.comparison_method is rate.comparison_method is ComparisonMethod.SIMPLE


def test_the_threshold_of_categories_is_that_of_numbers_where_it_is_left_out(tmp_path: Path) -> None:
    config = {"distribution_constraints": {"comparison_threshold": 0.2}}

    constraints = read_constraints(written(tmp_path, {"features": [], "monitoring_config": config}), None)

    assert constraints.config.categorical_comparison_threshold == 0.2


def test_the_jobs_own_method_is_above_the_files(tmp_path: Path) -> None:
    path = written(tmp_path, {"features": [FEATURE]})

    constraints = read_constraints(path, CategoricalDriftMethod.CHI_SQUARED)

    assert constraints.config.categorical_drift_method is CategoricalDriftMethod.CHI_SQUARED


def with_config(config: object) -> dict[str, Any]:
    return {"features": [FEATURE], "monitoring_config": config}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "holds no JSON object"),
        ({"regression_constraints": {}}, "has no list 'features'"),
        ({"features": [{}]}, r"features\[0\] must be a JSON object with a 'name'"),
        ({"features": [FEATURE | {"inferred_type": "Text"}]}, r"features\[0\]\.inferred_type must be one of"),
        ({"features": [FEATURE | {"completeness": 2}]}, r"completeness must be a number from 0 to 1, got 2"),
        ({"features": [FEATURE | {"string_constraints": {"domains": "a"}}]}, "domains must be a list"),
        (with_config({"datatype_check_threshold": "high"}), r"monitoring_config\.datatype_check_threshold"),
        (with_config({"emit_metrics": True}), "emit_metrics must be Enabled or Disabled"),
        (
            with_config({"distribution_constraints": {"comparison_method": "KS"}}),
            "comparison_method must be one of Simple, Robust, got 'KS'",
        ),
    ],
)
def test_a_wrong_file_is_told_by_its_key(tmp_path: Path, document: object, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        read_constraints(written(tmp_path, document), None)


def test_a_file_that_is_no_json_is_told(tmp_path: Path) -> None:
    path = tmp_path / "constraints.json"
    path.write_text("age,1")

    with pytest.raises(ContractError, match="is not valid JSON"):
        read_constraints(path, None)
