"""Combinations: keys, columns, the name of their group, and what cannot be looked up by key."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from preprocess import combinations
from preprocess.combinations import Combinations, key_lines
from preprocess.group_records import GroupRecord
from preprocess.schema import parse_schema
from smcontract.failure import ContractError

DOCUMENT: dict[str, Any] = {
    "version": 1,
    "target": {"name": "y", "positive": "yes", "negative": "no"},
    "features": [
        {"name": "job", "type": "String", "categories": [{"value": "admin.", "encoded_name": "job_admin"}]},
        {"name": "age", "type": "Integral"},
        {"name": "loan", "type": "String", "nullable": True}
        | {
            "categories": [
                {"value": "no", "encoded_name": "loan_no"},
                {"value": "yes", "encoded_name": "loan_yes"},
            ]
        },
    ],
}

Change = Callable[[dict[str, Any]], object]


def changed(change: Change | None = None) -> Combinations:
    document = copy.deepcopy(DOCUMENT)
    if change is not None:
        change(document)
    return Combinations.of(parse_schema(document, json.dumps(document).encode()))


def categories(document: dict[str, Any], place: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = document["features"][place]["categories"]
    return found


def test_every_combination_has_its_key_and_its_columns() -> None:
    found = changed()

    assert list(found) == [
        GroupRecord("admin.,no", ("1", "1", "0")),
        GroupRecord("admin.,yes", ("1", "0", "1")),
        GroupRecord("admin.,", ("1", "0", "0")),
    ]
    assert len(found) == 3
    assert found.encoded_names == ("job_admin", "loan_no", "loan_yes")


def test_a_group_s_name_is_the_digest_of_what_is_encoded() -> None:
    # printf '{"categorical":[{"categories":[["admin.","job_admin"]],"name":"job","nullable":false},
    # {"categories":[["no","loan_no"],["yes","loan_yes"]],"name":"loan","nullable":true}],
    # "encoder_version":1}' | sha256sum, on one line.
    assert changed().group_name("people") == "people-825dfd5e068d"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: categories(document, 2).reverse(),
        lambda document: categories(document, 0)[0].update(value="admin"),
        lambda document: categories(document, 0)[0].update(encoded_name="job_adm"),
        lambda document: document["features"][2].update(nullable=False),
        lambda document: document["features"][0].update(name="work"),
        lambda document: document["features"].reverse(),
    ],
)
def test_another_encoding_of_categories_is_another_group(change: Change) -> None:
    assert changed(change).digest != changed().digest


def test_another_version_of_the_encoder_is_another_group(monkeypatch: pytest.MonkeyPatch) -> None:
    before = changed().digest

    monkeypatch.setattr(combinations, "ENCODER_VERSION", 2)

    assert changed().digest != before


def test_numbers_and_target_do_not_change_the_group() -> None:
    def change(document: dict[str, Any]) -> None:
        document["features"][1].update(minimum=18, scaling="none")
        document["target"]["positive"] = "ja"

    assert changed(change).digest == changed().digest


def only_a_nullable_category(document: dict[str, Any]) -> None:
    del document["features"][0]


def many(document: dict[str, Any]) -> None:
    for place in (0, 2):
        document["features"][place]["categories"] = [
            {"value": str(n), "encoded_name": f"c{place}_{n}"} for n in range(1001)
        ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda document: categories(document, 0)[0].update(value="a,b"),
            ["feature 'job'", "'a,b' has a comma"],
        ),
        (many, ["1,003,002 combinations, more than 1,000,000"]),
        (
            lambda document: categories(document, 2)[0].update(encoded_name="LOAN_yes"),
            ["'loan_yes'", "whatever its case", "encoded_name"],
        ),
        (lambda document: categories(document, 2)[0].update(encoded_name="Event_Time"), ["'Event_Time'"]),
        (lambda document: categories(document, 2)[0].update(encoded_name="is_deleted"), ["'is_deleted'"]),
        (
            lambda document: categories(document, 0)[0].update(value="é" * 1023),
            ["2,050 bytes", "at most 2,048"],
        ),
        (only_a_nullable_category, ["feature 'loan'", "may be empty"]),
        (lambda document: document.update(features=document["features"][1:2]), ["no categorical feature"]),
    ],
)
def test_what_cannot_be_looked_up_by_key_is_refused(change: Change, words: list[str]) -> None:
    with pytest.raises(ContractError) as refused:
        changed(change)

    assert all(word in str(refused.value) for word in words), refused.value


def test_more_columns_than_a_group_has_features_are_refused() -> None:
    def change(document: dict[str, Any]) -> None:
        names = [f"c{n}" for n in range(2497)]
        document["features"][0]["categories"] = [{"value": name, "encoded_name": name} for name in names]

    with pytest.raises(ContractError, match=r"2,499 columns; a feature group holds 2,498"):
        changed(change)


def test_keys_are_lines_of_csv() -> None:
    assert key_lines(["a", "a,b", 'the "Hague"', ""]) == b'a\n"a,b"\n"the ""Hague"""\n""\n'
