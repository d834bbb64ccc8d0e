import pytest

from orchestration.api_document import api_document
from orchestration.errors import ProjectError
from orchestration.project_file import load_project
from orchestration.schema import schema_document


def test_a_projects_document_names_its_columns_its_endpoint_and_its_labels_place() -> None:
    project = load_project("bank")

    assert api_document(project) == {
        "version": 1,
        "project": "bank",
        "kind": "tabular",
        "schema": schema_document(project),
        "endpoint_name": "slipway-bank",
        "ground_truth_uri": "s3://slipway-bank/ground-truth",
        "unreadable_numbers": "missing",
        "lookup": {"unknown_key": "raw"},
    }


def test_what_nobody_asked_for_is_not_in_the_document() -> None:
    assert "unreadable_numbers" not in api_document(load_project("bank", ("unreadable_numbers=refuse",)))


def test_without_a_feature_group_nothing_is_looked_up() -> None:
    assert "lookup" not in api_document(load_project("bank", ("feature_group=null",)))


def test_what_becomes_of_unknown_keys_is_the_projects_choice() -> None:
    document = api_document(load_project("bank", ("feature_group.unknown_key=refuse",)))

    assert document["lookup"] == {"unknown_key": "refuse"}


def test_a_forecasting_projects_document_has_an_example_for_each_day_of_the_horizon() -> None:
    project = load_project("retail")

    assert api_document(project) == {
        "version": 1,
        "project": "retail",
        "kind": "forecast",
        "schema": schema_document(project),
        "endpoint_name": "slipway-retail",
        "quantiles": ["0.1", "0.5", "0.9"],
        "actuals_uri": "s3://slipway-retail/actuals",
        "example": {"store": "16", "item": "328", "known": {"unit_price": [12.44] * 30}},
    }


def test_without_an_example_there_is_none_in_the_document() -> None:
    assert "example" not in api_document(load_project("retail", ("example=null",)))


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        ("{store: a, unit_price: 1}", "example must have store, item, unit_price, and nothing else"),
        ("{store: a, item: b, unit_price: c}", "example.unit_price must be a number"),
        ("{store: 1, item: b, unit_price: 1}", "example.store must be a text"),
    ],
)
def test_an_example_that_is_none_is_refused(example: str, reason: str) -> None:
    with pytest.raises(ProjectError, match=reason):
        load_project("retail", (f"example={example}",))
