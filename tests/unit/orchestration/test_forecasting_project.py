"""A forecasting project's file: what is refused in it, and what preprocess and the API are told."""

from typing import Any

import pytest
import yaml

from orchestration.errors import ProjectError
from orchestration.forecasting_project import ForecastingProject
from orchestration.project_file import load_project, load_tabular, parse_project
from orchestration.schema import schema_document
from orchestration.settings import PROJECTS


@pytest.fixture
def document() -> dict[str, Any]:
    file = PROJECTS / "retail" / "project.yaml"
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def complaint(document: dict[str, Any]) -> str:
    with pytest.raises(ProjectError) as caught:
        parse_project(document, "project.yaml")
    return str(caught.value)


def test_the_problem_type_decides_which_keys_there_are(document: dict[str, Any]) -> None:
    assert isinstance(parse_project(document, "project.yaml"), ForecastingProject)

    document["problem_type"] = "BinaryClassification"

    text = complaint(document)
    assert "prediction_length: this key is not known" in text
    assert "features: this key is missing" in text


@pytest.mark.parametrize(
    ("problem_type", "expected"),
    [
        ("Regression", "there is no 'Regression'; there are BinaryClassification and Forecasting"),
        (["Forecasting"], "there is no '['Forecasting']'"),
    ],
)
def test_a_kind_of_project_that_is_not_known_is_refused_with_those_that_are(
    document: dict[str, Any], problem_type: Any, expected: str
) -> None:
    document["problem_type"] = problem_type

    assert f"problem_type: {expected}" in complaint(document)


def test_a_project_without_a_kind_is_told_which_key_is_missing(document: dict[str, Any]) -> None:
    del document["problem_type"]

    assert "problem_type: this key is missing" in complaint(document)


@pytest.mark.parametrize("frequency", ["W", "H", "MS", "d"])
def test_another_frequency_is_refused_by_name(document: dict[str, Any], frequency: str) -> None:
    document["frequency"] = frequency

    assert f"frequency: '{frequency}' is not supported; D is, one row a day" in complaint(document)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("prediction_length", 0, "prediction_length"),
        ("target.type", "String", "target.type"),
        ("target.maximum", -1, "minimum 0 is above maximum -1"),
        ("known.unit_price.minimum", None, "scaling: relative is a logarithm"),
        ("known.unit_price.name", "unit price", "not a legal SageMaker feature name"),
        ("static", ["store", "item", "store"], "are described twice"),
        ("known.unit_price.name", "category", "the columns category are described twice"),
        ("timestamp.name", "quantity", "the columns quantity are described twice"),
        ("holidays", "Great Britain", "holidays"),
        ("places.column", "town", "places.column is 'town', which no series has one of"),
        ("places.file", "map.geojson", "places.file"),
        ("places.radius_meters", -1, "places.radius_meters"),
        ("places", None, "feature_group keeps what is counted around places"),
        ("metric.name", "accuracy", "metric.name"),
        ("metric.threshold", 0, "metric.threshold"),
        ("monitoring.by", "schedule", "monitoring.by"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(path: str, value: Any, expected: str) -> None:
    with pytest.raises(ProjectError) as caught:
        load_project("retail", (f"{path}={yaml.safe_dump(value, default_flow_style=True)}",))

    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        ({"schedule": "cron(0 * ? * * *)"}, "runs more than once a day"),
        ({"schedule": "cron(0 7 ? * * *)"}, "write start_offset -PT31H and end_offset -PT7H"),
        ({"start_offset": "-PT29H"}, "does not begin and end at midnight"),
        ({"tolerance": 0}, "tolerance"),
    ],
)
def test_a_monitor_of_days_looks_at_whole_ones(
    document: dict[str, Any], monitor: dict[str, Any], expected: str
) -> None:
    document["monitoring"]["model_quality"].update(monitor)

    assert expected in complaint(document)


def test_a_week_of_days_is_a_window_too(document: dict[str, Any]) -> None:
    document["monitoring"]["model_quality"].update(start_offset="-PT174H")

    assert parse_project(document, "project.yaml").monitoring is not None


def test_of_a_loss_less_is_better_and_of_a_share_of_rows_more() -> None:
    loss, accuracy = load_project("retail").metric, load_project("bank").metric

    assert loss.is_reached(loss.threshold)
    assert not loss.is_reached(loss.threshold + 0.01)
    assert accuracy.is_reached(accuracy.threshold)
    assert not accuracy.is_reached(accuracy.threshold - 0.01)


def test_the_schema_says_what_a_row_is_and_what_is_known_ahead(document: dict[str, Any]) -> None:
    document["places"]["locations"] = {"12": {"latitude": 51.5, "longitude": -0.12}}

    # images/preprocess/README.md, "Forecasting".
    assert schema_document(parse_project(document, "project.yaml")) == {
        "version": 1,
        "problem_type": "Forecasting",
        "frequency": "D",
        "prediction_length": 30,
        "timestamp": {"name": "date"},
        "item_id": ["store", "item"],
        "target": {"name": "quantity", "type": "Integral", "minimum": 0},
        "static": ["store", "item", "category"],
        "known": [{"name": "unit_price", "type": "Fractional", "minimum": 0, "scaling": "relative"}],
        "holidays": "GB",
        "places": {
            "column": "store",
            "radius_meters": 1500,
            "locations": {"12": {"latitude": 51.5, "longitude": -0.12}},
            "counts": {"amenity_count": "amenity", "tourism_count": "tourism"},
        },
    }


def test_what_is_for_rows_of_features_refuses_series() -> None:
    with pytest.raises(ProjectError, match="the project retail is of problem_type Forecasting"):
        load_tabular("retail")
