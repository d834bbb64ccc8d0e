import pytest

from orchestration.errors import ProjectError
from orchestration.project_file import load_tabular
from orchestration.project_model import FEATURE_NAME
from orchestration.schema import schema_document
from orchestration.tabular_project import CategoricalFeature, NumericFeature
from orchestration.tabular_schema import encoded_names


def categorical(name: str, *categories: str) -> CategoricalFeature:
    return CategoricalFeature(name=name, type="String", categories=categories)


def test_a_dot_leaves_the_name() -> None:
    assert encoded_names((categorical("job", "admin."),)) == {("job", "admin."): "job_admin"}


def test_hyphens_and_spaces_become_underscores() -> None:
    names = encoded_names((categorical("job", "blue-collar", "self employed"),))

    assert list(names.values()) == ["job_blue_collar", "job_self_employed"]


def test_values_that_differ_in_punctuation_alone_get_different_names() -> None:
    names = encoded_names((categorical("job", "admin.", "admin", "admin!"),))

    assert len(set(names.values())) == 3
    assert all(FEATURE_NAME.match(name) for name in names.values())


def test_names_do_not_depend_on_the_order_of_the_file() -> None:
    forwards = encoded_names((categorical("job", "admin.", "admin"),))
    backwards = encoded_names((categorical("job", "admin", "admin."),))

    assert forwards == backwards


def test_a_category_and_a_number_column_of_one_name_are_told_apart() -> None:
    number = NumericFeature(name="job_admin", type="Integral")

    names = encoded_names((number, categorical("job", "admin")))

    assert names["job", "admin"] != "job_admin"
    assert names["job", "admin"].startswith("job_admin_")


def test_two_features_that_would_meet_are_told_apart() -> None:
    names = encoded_names((categorical("a", "b_c"), categorical("a_b", "c")))

    assert len(set(names.values())) == 2


def test_names_that_differ_in_case_alone_are_told_apart() -> None:
    names = encoded_names((categorical("job", "Admin", "admin"),))

    assert len({name.lower() for name in names.values()}) == 2


def test_a_long_value_is_cut_and_stays_unique() -> None:
    names = encoded_names((categorical("job", "x" * 80 + "1", "x" * 80 + "2"),))

    assert len(set(names.values())) == 2
    assert all(len(name) <= 64 and FEATURE_NAME.match(name) for name in names.values())


def test_a_value_without_a_letter_gets_a_legal_name() -> None:
    names = encoded_names((categorical("sign", "+", "-"),))

    assert len(set(names.values())) == 2
    assert all(FEATURE_NAME.match(name) for name in names.values())


def test_a_feature_without_a_letter_is_refused() -> None:
    with pytest.raises(ProjectError, match="no legal column name"):
        encoded_names((categorical("___", "a"),))


def test_the_schema_holds_the_used_features_in_the_files_order() -> None:
    project = load_tabular("bank")

    schema = schema_document(project)

    assert schema["version"] == 1
    assert schema["target"] == {"name": "y", "positive": "yes", "negative": "no"}
    assert [feature["name"] for feature in schema["features"]] == [f.name for f in project.used_features]
    assert schema["features"][0] == {
        "name": "age",
        "type": "Integral",
        "minimum": 18,
        "maximum": 120,
        "scaling": "standard",
        "nullable": False,
    }
    assert schema["features"][6]["categories"][0] == {"value": "admin.", "encoded_name": "job_admin"}
