"""What a drill changes in live rows, and what it tells of them later."""

import csv
import io
from typing import Any

import pytest

from orchestration.arguments import parser
from orchestration.drift_kind import Kind
from orchestration.drift_rows import changed, live_rows
from orchestration.errors import DriftError
from orchestration.project_file import load_tabular
from orchestration.tabular_project import NumericFeature, TabularProject

BANK = load_tabular("bank")
ROW = {
    feature.name: "40" if isinstance(feature, NumericFeature) else feature.categories[0]
    for feature in BANK.used_features
}
RECORD = {name: 40 if cell == "40" else cell for name, cell in ROW.items()}


def rows(*ages: int, label: str = "no") -> list[dict[str, str]]:
    return [ROW | {"age": str(age), "y": label} for age in ages]


def test_ages_grow_by_up_to_fifty_and_stay_within_the_schema_and_their_labels_are_true() -> None:
    sent = changed(Kind.AGE, rows(*range(18, 95)), BANK, seed=0)

    grown = [row.record["age"] for row in sent]
    differences = [new - old for new, old in zip(grown, range(18, 95), strict=True) if isinstance(new, int)]
    assert len(differences) == 77
    assert min(differences) >= 0
    assert 40 < max(differences) <= 50
    # bank's project.yaml has 120 as its maximum.
    assert max(new for new in grown if isinstance(new, int)) == 120
    assert {row.label for row in sent} == {"no"}
    assert [row.record | {"age": 40} for row in sent] == [RECORD] * 77


def test_the_same_seed_changes_the_same() -> None:
    first, second, other = (changed(Kind.AGE, rows(*range(30, 60)), BANK, seed) for seed in (1, 1, 2))

    assert first == second != other


def test_a_number_told_in_words_is_no_number() -> None:
    (row,) = changed(Kind.TYPE, rows(41), BANK, seed=0)

    assert row.record == RECORD | {"age": "about 41"}
    assert row.label == "no"


def test_wrong_labels_are_the_other_value_and_the_rows_as_they_are() -> None:
    (no,), (yes,) = (changed(Kind.LABELS, rows(40, label=label), BANK, seed=0) for label in ("no", "yes"))

    assert (no.label, yes.label) == ("yes", "no")
    assert no.record == yes.record == RECORD


@pytest.mark.parametrize("kind", list(Kind))
def test_the_verb_s_word_is_the_kind_itself(kind: Kind) -> None:
    asked = parser().parse_args(["drift", "--project", "bank", "--kind", str(kind)])

    assert asked.kind is kind


def test_nobody_tells_labels_that_are_missing() -> None:
    (row,) = changed(Kind.LABELS_MISSING, rows(40), BANK, seed=0)

    assert (row.record, row.label) == (RECORD, None)


def without_numbers() -> TabularProject:
    features = [feature for feature in BANK.features if not isinstance(feature, NumericFeature)]
    return BANK.model_copy(update={"features": tuple(features)})


@pytest.mark.parametrize("kind", [Kind.AGE, Kind.TYPE])
def test_a_project_without_a_number_is_told_what_it_can_drill(kind: Kind) -> None:
    with pytest.raises(DriftError, match="uses no number; KIND=labels needs none"):
        changed(kind, rows(40), without_numbers(), seed=0)


def text_of(given: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(given[0]))
    writer.writeheader()
    writer.writerows(given)
    return text.getvalue()


def test_live_rows_are_drawn_without_a_row_twice() -> None:
    drawn = live_rows(text_of(rows(*range(20, 60))), 40, seed=0)

    assert sorted(int(row["age"]) for row in drawn) == list(range(20, 60))
    assert [row["age"] for row in drawn] != [str(age) for age in range(20, 60)]


def test_more_rows_than_there_are_is_refused_with_how_many_there_are() -> None:
    with pytest.raises(DriftError, match="there are 2 live rows and ROWS=3 asks for more"):
        live_rows(text_of(rows(20, 21)), 3, seed=0)
