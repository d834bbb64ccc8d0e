from orchestration.api_document import api_document
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
