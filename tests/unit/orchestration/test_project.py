from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.errors import ProjectError
from orchestration.project_file import load_project, load_tabular, parse_project
from orchestration.settings import PROJECTS


@pytest.fixture
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECTS / "bank" / "project.yaml").read_text(encoding="utf-8"))
    return loaded


def complaint(document: dict[str, Any]) -> str:
    with pytest.raises(ProjectError) as caught:
        parse_project(document, "project.yaml")
    return str(caught.value)


def test_an_unknown_key_is_refused_with_its_path(document: dict[str, Any]) -> None:
    document["features"][0]["minimun"] = 3

    assert "features[0].minimun: this key is not known" in complaint(document)


def test_a_missing_key_is_named(document: dict[str, Any]) -> None:
    del document["metric"]["threshold"]

    assert "metric.threshold: this key is missing" in complaint(document)


def test_every_wrong_key_is_named_at_once(document: dict[str, Any]) -> None:
    document["metric"]["threshold"] = 2
    document["split"]["seed"] = -1

    text = complaint(document)

    assert "metric.threshold" in text
    assert "split.seed" in text


def test_a_bare_yes_is_explained(document: dict[str, Any]) -> None:
    document["target"]["positive"] = True

    assert "target.positive: YAML reads this as True; put the word in quotes" in complaint(document)


def test_a_wrong_hyperparameter_is_reported_once(document: dict[str, Any]) -> None:
    document["hyperparameters"]["eta"] = None

    assert complaint(document).count("hyperparameters.eta") == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"minimum": 5, "maximum": 4}, "minimum 5 is above maximum 4"),
        ({"name": "a ge"}, "not a legal SageMaker feature name"),
        ({"type": "Text"}, "features[0]"),
        ({"scaling": "log"}, "features[0].scaling"),
    ],
)
def test_an_impossible_number_column_is_refused(
    document: dict[str, Any], change: dict[str, Any], expected: str
) -> None:
    document["features"][0].update(change)

    assert expected in complaint(document)


def test_a_category_listed_twice_is_refused(document: dict[str, Any]) -> None:
    document["features"][7]["categories"] = ["single", "married", "single"]

    assert "features[7].categories: single appears more than once" in complaint(document)


def test_a_column_described_twice_is_refused(document: dict[str, Any]) -> None:
    document["features"].append(document["features"][0])

    assert "age are described twice" in complaint(document)


def test_a_split_that_leaves_nothing_to_train_on_is_refused(document: dict[str, Any]) -> None:
    document["split"].update(test_fraction=0.7, validation_fraction=0.3)

    assert "leave nothing to train on" in complaint(document)


def test_target_values_must_differ(document: dict[str, Any]) -> None:
    document["target"]["negative"] = "yes"

    assert "positive and negative are both 'yes'" in complaint(document)


def test_an_unknown_project_is_told_from_those_that_exist() -> None:
    with pytest.raises(ProjectError, match=r"there is no project 'banc'.*projects: .*bank"):
        load_project("banc")


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "project.yaml").write_text("a: [", encoding="utf-8")

    with pytest.raises(ProjectError, match="is not YAML"):
        load_project("x", projects=tmp_path)


def test_an_override_replaces_one_value() -> None:
    project = load_project("bank", ("hyperparameters.num_round=50", "metric.threshold=0.95"))

    assert project.hyperparameters["num_round"] == 50
    assert project.metric.threshold == 0.95
    assert project.hyperparameters["max_depth"] == load_project("bank").hyperparameters["max_depth"]


def test_an_override_reaches_a_feature_by_its_name() -> None:
    project = load_tabular("bank", ("features.poutcome.use=true",))

    assert "poutcome" in [feature.name for feature in project.used_features]


def test_an_override_may_add_a_hyperparameter() -> None:
    assert load_project("bank", ("hyperparameters.pca_components=5",)).hyperparameters["pca_components"] == 5


@pytest.mark.parametrize("override", ["threshold", "metric.=1", "=1", "nobody.home=1"])
def test_an_override_that_means_nothing_is_refused(override: str) -> None:
    with pytest.raises(ProjectError, match="--set"):
        load_project("bank", (override,))


def test_an_override_is_checked_like_the_file() -> None:
    with pytest.raises(ProjectError, match=r"metric\.threshold"):
        load_project("bank", ("metric.threshold=high",))


def test_bank_keeps_its_encoded_categories_in_a_feature_group() -> None:
    group = load_tabular("bank").feature_group

    # Whoever calls has an answer for every record that the schema allows.
    assert group is not None
    assert group.unknown_key == "raw"


def test_a_project_without_the_section_has_no_feature_group(document: dict[str, Any]) -> None:
    del document["feature_group"]

    assert parse_project(document, "project.yaml").feature_group is None


def test_another_choice_for_unknown_keys_is_refused(document: dict[str, Any]) -> None:
    document["feature_group"]["unknown_key"] = "guess"

    assert "feature_group.unknown_key" in complaint(document)


def test_a_category_that_would_be_two_parts_of_a_key_is_refused(document: dict[str, Any]) -> None:
    document["features"][7]["categories"] = ["single", "married, or was"]

    assert "'married, or was' of 'marital' has a comma" in complaint(document)


def test_a_feature_that_is_not_used_is_no_part_of_a_key(document: dict[str, Any]) -> None:
    document["features"][7].update(categories=["single", "married, or was"], use=False)

    assert parse_project(document, "project.yaml").feature_group is not None


def test_without_categories_there_is_nothing_to_keep(document: dict[str, Any]) -> None:
    document["features"] = [feature for feature in document["features"] if feature["type"] != "String"]

    assert "no feature of type String is used" in complaint(document)
