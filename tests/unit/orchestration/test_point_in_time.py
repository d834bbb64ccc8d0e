"""The query of a training set, asked of a real engine and compared with a search row by row."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slipway.operations.queries import rows_of
from slipway.resources.catalog_table import columns_of_features
from slipway.staging.parquet import ParquetWriter
from slipway.staging.sql import Query, Table

from orchestration.errors import TrainingSetError
from orchestration.point_in_time import EntityTable, GroupTable, TimeForm, point_in_time_sql
from tests.support.point_in_time import Put, training_rows

DATABASE = "sagemaker_featurestore"
START = 1_700_000_000
ENTITIES = EntityTable(DATABASE, "entities", ("id", "moment", "label"), "moment", TimeForm.ISO_8601, "id")
PEOPLE = GroupTable(DATABASE, "people", "id", "at", TimeForm.ISO_8601, ("age",), "id")
ORDERS = GroupTable(
    DATABASE, "orders", "number", "seconds", TimeForm.SECONDS, ("total",), "id", "order_", 3.5
)


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def puts(random: random.Random, count: int, feature: str, value: type) -> list[Put]:
    """Records of a few identifiers, many of them at the same moments, some deletions among them."""
    return [
        Put(
            str(random.randrange(12)),
            START + random.randrange(0, 100_500, 500) / 1000,
            order,
            {feature: value(order)},
            random.random() < 0.2,
        )
        for order in range(count)
    ]


def offline_store(
    folder: Path, name: str, features: Sequence[tuple[str, str]], rows: Sequence[Put], in_seconds: bool
) -> Table:
    """A group's table as the emulator writes it, in two files; what is deleted has its first two columns."""
    definitions = [{"FeatureName": feature, "FeatureType": its_type} for feature, its_type in features]
    files = []
    for part, some in enumerate((rows[::2], rows[1::2])):
        lines = []
        for put in some:
            line = {"api": START * 1_000_000 + put.order, "del": put.is_deleted, "0": put.identifier}
            line["1"] = repr(put.moment) if in_seconds else iso(put.moment)
            if not put.is_deleted:
                line["2"] = str(next(iter(put.features.values())))
            lines.append(json.dumps(line))
        files.append(folder / f"{name}-{part}.parquet")
        ParquetWriter(folder).write(lines, definitions, START * 1_000_000, files[-1])
    return Table(DATABASE, name, columns_of_features(definitions), files)


def asked(folder: Path, sql: str, *tables: Table) -> list[list[str | None]]:
    Query(tables, DATABASE, folder).run(sql, folder / "answer.csv")
    return list(rows_of((folder / "answer.csv").read_text("utf-8")))


@pytest.mark.parametrize("seed", range(8))
def test_every_row_has_what_was_known_then_and_nothing_later(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    people, orders = puts(chance, 150, "age", int), puts(chance, 150, "total", float)
    # Some rows twice, some of nobody, some at the very moment of a record.
    entities = [
        (str(chance.randrange(14)), START + chance.randrange(-2000, 103_000, 250) / 1000) for _ in range(200)
    ]
    entities += entities[:20]
    rows = tmp_path / "entities.csv"
    rows.write_text("".join(f"{who},{iso(when)},{n}\n" for n, (who, when) in enumerate(entities)))
    text = [(name, "string") for name in ENTITIES.columns]
    tables = (
        Table(DATABASE, "entities", text, [rows], {}),
        offline_store(
            tmp_path, "people", [("id", "String"), ("at", "String"), ("age", "Integral")], people, False
        ),
        offline_store(
            tmp_path,
            "orders",
            [("number", "Integral"), ("seconds", "Fractional"), ("total", "Fractional")],
            orders,
            True,
        ),
    )

    header, *found = asked(tmp_path, point_in_time_sql(ENTITIES, [PEOPLE, ORDERS]), *tables)

    expected = training_rows(entities, [(people, None, ["age"]), (orders, 3.5, ["total"])])
    assert header == ["id", "moment", "label", "age", "order_total"]
    assert sorted(found, key=lambda row: int(row[2] or "")) == [
        [who, iso(when), str(n), *(None if value is None else str(value) for value in features)]
        for n, ((who, when), features) in enumerate(zip(entities, expected, strict=True))
    ]
    # Both what is there and what is not were met.
    assert {row[3] is None for row in found} == {row[4] is None for row in found} == {True, False}


def test_the_records_of_a_group_are_rows_at_their_own_times(tmp_path: Path) -> None:
    people = [
        Put("a", START, 0, {"age": 1}),
        Put("a", START, 1, {"age": 2}),
        Put("a", START + 1, 2, {"age": 3}),
        Put("a", START + 1, 3, {}, is_deleted=True),
        Put("b", START + 2, 4, {"age": 5}),
    ]
    features = [("id", "String"), ("at", "String"), ("age", "Integral")]
    table = offline_store(tmp_path, "people", features, people, False)
    rows = EntityTable(
        DATABASE, "people", ("id", "age", "at"), "at", TimeForm.ISO_8601, "id", is_offline_store=True
    )
    group = GroupTable(DATABASE, "people", "id", "at", TimeForm.ISO_8601, ("age",), "id", "same_")

    found = asked(tmp_path, point_in_time_sql(rows, [group]), table)

    assert sorted(found[1:]) == [["a", "2", iso(START), "2"], ["b", "5", iso(START + 2), "5"]]


def test_of_a_deleted_record_not_even_its_moment_is_told(tmp_path: Path) -> None:
    people = [Put("a", START, 0, {"age": 1}), Put("a", START + 1, 1, {}, is_deleted=True)]
    rows = tmp_path / "entities.csv"
    rows.write_text(f"a,{iso(START + 0.5)},0\na,{iso(START + 2)},1\n")
    text = [(name, "string") for name in ENTITIES.columns]
    features = [("id", "String"), ("at", "String"), ("age", "Integral")]
    tables = (
        Table(DATABASE, "entities", text, [rows], {}),
        offline_store(tmp_path, "people", features, people, False),
    )
    told = replace(PEOPLE, features=("at", "age"))

    found = asked(tmp_path, point_in_time_sql(ENTITIES, [told]), *tables)

    assert sorted(row[2:] for row in found[1:]) == [["0", iso(START), "1"], ["1", None, None]]


@pytest.mark.parametrize(
    ("entities", "groups", "complaint"),
    [
        (ENTITIES, [], "at least one feature group"),
        (ENTITIES, [PEOPLE, PEOPLE], "'age' would be there twice"),
        (ENTITIES, [replace(PEOPLE, key="person")], "'person'"),
        (ENTITIES, [replace(PEOPLE, features=("label",))], "'label' would be there twice"),
        (ENTITIES, [replace(PEOPLE, longest_age_seconds=-1.0)], "longest age"),
        (EntityTable(DATABASE, "e", ("id",), "moment", TimeForm.SECONDS, "id"), [PEOPLE], "'moment'"),
        (ENTITIES, [replace(PEOPLE, prefix="the-")], "no name of a column"),
    ],
)
def test_what_cannot_be_joined_is_named(
    entities: EntityTable, groups: list[GroupTable], complaint: str
) -> None:
    with pytest.raises(TrainingSetError, match=complaint):
        point_in_time_sql(entities, groups)
