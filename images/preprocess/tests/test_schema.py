"""schema.json: what is read from it, and how it is refused."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from preprocess.schema import Schema, parse_schema, read_schema
from smcontract.failure import ContractError


def test_encoded_row_has_numbers_first_then_categories_in_schema_order(schema: Schema) -> None:
    names = ("age", "rate", "job_admin", "job_blue_collar", "city_bern", "city_hague")
    assert schema.encoded_names == names
    assert schema.columns == ("job", "age", "city", "rate", "y")
    assert schema.sha256 == hashlib.sha256(schema.content).hexdigest()


def test_numeric_feature_needs_no_more_than_name_and_type(document: dict[str, Any]) -> None:
    document["features"] = [{"name": "n", "type": "Fractional"}]

    [feature] = parse_schema(document, b"").numeric

    assert (feature.minimum, feature.maximum, feature.standardised, feature.nullable) == (
        None,
        None,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["version"], 2, ["version", "2", "reads version 1"]),
        (["extra"], 1, ["extra", "not a known key"]),
        (["target", "weight"], 1, ["target.weight", "not a known key"]),
        (["target", "name"], "", ["target.name", "not empty"]),
        (["target", "positive"], "no", ["target", "'no'", "differ"]),
        (["features"], [], ["features", "at least one"]),
        (["features", 1, "scalin"], "none", ["features[1].scalin", "scaling"]),
        (["features", 1, "scaling"], "minmax", ["features[1].scaling", "minmax"]),
        (["features", 1, "type"], "Integer", ["features[1].type", "Integer", "Integral"]),
        (["features", 1, "minimum"], "18", ["features[1].minimum", "number or null"]),
        (["features", 1, "minimum"], True, ["features[1].minimum"]),
        (["features", 1, "minimum"], float("nan"), ["features[1].minimum"]),
        (["features", 1, "minimum"], 10**400, ["features[1].minimum"]),
        (["features", 1, "minimum"], 121, ["features[1]", "121", "120"]),
        (["features", 1, "nullable"], "yes", ["features[1].nullable"]),
        (["features", 1, "name"], "age in years", ["age in years", "letters and digits"]),
        (["features", 1, "name"], "a" * 65, ["64 at most"]),
        (["features", 1, "name"], "job", ["'job'", "twice"]),
        (["features", 1, "name"], "y", ["'y'", "twice"]),
        (["features", 1, "name"], "job_admin", ["'job_admin'", "twice", "encoded"]),
        (["features", 0, "categories"], [], ["features[0].categories", "at least one"]),
        (["features", 0, "minimum"], 1, ["features[0].minimum", "not a known key"]),
        (["features", 0, "categories", 1, "value"], "admin.", ["'admin.'", "twice"]),
        (["features", 0, "categories", 1, "value"], "", ["features[0].categories[1].value"]),
        (["features", 0, "categories", 1, "encoded_name"], "job_", ["'job_'", "letters and digits"]),
        (["features", 0, "categories", 1], "x", ["features[0].categories[1]", "object"]),
    ],
)
def test_wrong_key_is_refused_with_its_path(
    document: dict[str, Any], path: list[str | int], value: object, words: list[str]
) -> None:
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(ContractError) as refused:
        parse_schema(document, b"")

    assert all(word in str(refused.value) for word in ["schema.json", *words])


@pytest.mark.parametrize("key", ["version", "target", "features"])
def test_missing_key_is_named(document: dict[str, Any], key: str) -> None:
    del document[key]

    with pytest.raises(ContractError, match=f"{key} is missing"):
        parse_schema(document, b"")


def test_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(ContractError, match="must be a JSON object"):
        parse_schema([], b"[]")


def test_file_is_kept_byte_for_byte(document: dict[str, Any], tmp_path: Path) -> None:
    content = json.dumps(document, indent=7).encode()
    (tmp_path / "schema.json").write_bytes(content)

    assert read_schema(tmp_path).content == content


def test_missing_file_and_broken_json_are_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"schema\.json is missing"):
        read_schema(tmp_path)

    (tmp_path / "schema.json").write_text('{"version": 1,')
    with pytest.raises(ContractError, match=r"schema\.json is not valid JSON"):
        read_schema(tmp_path)
