"""Training sets of a running emulator and LocalStack, compared with a search row by row."""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestration.clients import Aws
from orchestration.errors import QueryError, TrainingSetError
from orchestration.settings import Settings
from orchestration.training_set import Features, TrainingSet, TrainingSets
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_features import create_group, values
from tests.support.endpoints import new_name
from tests.support.point_in_time import Put, training_rows

START = 1_700_000_000
ENTRIES = 25
DATABASE = {"DatabaseName": "sagemaker_featurestore"}


@pytest.fixture(scope="module")
def aws(emulator: Emulator) -> Aws:
    return Aws(Settings.from_environ({"AWS_ENDPOINT_URL": emulator.localstack.endpoint_url}))


@pytest.fixture(scope="module")
def runtime(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client("sagemaker-featurestore-runtime")
    yield client
    client.close()


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def put(runtime: Any, group: str, puts: Sequence[Put]) -> None:
    """Put records, no two of one identifier in one call: those of a call have one api_invocation_time."""
    for begin in range(0, len(puts), ENTRIES):
        entries = [
            {
                "FeatureGroupName": group,
                "Record": values(
                    id=each.identifier,
                    at=iso(each.moment),
                    **{name: str(value) for name, value in each.features.items()},
                ),
            }
            for each in puts[begin : begin + ENTRIES]
        ]
        assert runtime.batch_write_record(Entries=entries)["Errors"] == []


def filled(emulator: Emulator, runtime: Any, feature: str, chance: random.Random) -> tuple[str, list[Put]]:
    """A group with thousands of records and some deletions in its offline store."""
    name = new_name(feature)
    create_group(emulator, emulator.client("sagemaker"), name, **{feature: "Integral"})
    puts: list[Put] = []
    for _ in range(80):
        for identifier in chance.sample(range(100), ENTRIES):
            moment = START + chance.randrange(0, 200_500, 500) / 1000
            puts.append(Put(str(identifier), moment, len(puts), {feature: len(puts)}))
    put(runtime, name, puts)
    for identifier in range(0, 100, 5):
        deletion = Put(str(identifier), START + 100.5, len(puts), {}, is_deleted=True)
        at = iso(deletion.moment)
        runtime.delete_record(
            FeatureGroupName=name, RecordIdentifierValueAsString=deletion.identifier, EventTime=at
        )
        puts.append(deletion)
    return name, puts


def wait_for_rows(aws: Aws, sets: TrainingSets, name: str, count: int) -> None:
    """Wait until a group's offline store has all that was put."""
    table = aws.sagemaker.describe_feature_group(FeatureGroupName=name)["OfflineStoreConfig"][
        "DataCatalogConfig"
    ]["TableName"]

    def all_of_them() -> bool | None:
        answer = sets.athena.run(f'SELECT count(*) AS n FROM "{table}"', DATABASE["DatabaseName"])
        return True if int(read(aws, answer.uri)[1][0]) >= count else None

    wait_until(all_of_them, f"{count} rows of {name}", 120)


def read(aws: Aws, uri: str) -> list[list[str]]:
    """The rows of a CSV file in S3, names first."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    text = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return list(csv.reader(io.StringIO(text)))


def test_a_training_set_of_many_rows_has_what_was_known_then(
    emulator: Emulator, aws: Aws, runtime: Any
) -> None:
    chance = random.Random(7)
    (people, of_people), (orders, of_orders) = (
        filled(emulator, runtime, feature, chance) for feature in ("age", "total")
    )
    sets = TrainingSets(aws, f"s3://{emulator.bucket}/training-sets")
    wait_for_rows(aws, sets, people, len(of_people))
    wait_for_rows(aws, sets, orders, len(of_orders))
    # Some of nobody, some at the very moment of a record, some before all.
    entities = [
        (str(chance.randrange(104)), START + chance.randrange(0, 205_000, 250) / 1000) for _ in range(5000)
    ]
    rows = [
        {"id": who, "moment": iso(when), "label": n, "said": 'so, "well"'}
        for n, (who, when) in enumerate(entities)
    ]

    made = sets.of_rows(
        rows, "moment", [Features(people), Features(orders, prefix="order_", longest_age_seconds=4.5)]
    )

    header, *found = read(aws, made.uri)
    expected = training_rows(entities, [(of_people, None, ["age"]), (of_orders, 4.5, ["total"])])
    assert header == ["id", "moment", "label", "said", "age", "order_total"]
    assert sorted(found, key=lambda row: int(row[2])) == [
        [*map(str, row.values()), *("" if value is None else str(value) for value in features)]
        for row, features in zip(rows, expected, strict=True)
    ]
    execution = aws.athena.get_query_execution(QueryExecutionId=made.query_execution_id)["QueryExecution"]
    assert execution["Query"] == made.sql
    assert execution["ResultConfiguration"]["OutputLocation"] == made.uri
    assert tables_left(emulator) == []


def tables_left(emulator: Emulator) -> list[str]:
    """The tables of entities that are still there."""
    found = emulator.client("glue").get_tables(**DATABASE, Expression="point_in_time_.*")["TableList"]
    return [table["Name"] for table in found]


def test_the_records_of_a_group_are_joined_at_their_own_times(
    emulator: Emulator, aws: Aws, runtime: Any
) -> None:
    visits, people = new_name("visits"), new_name("people")
    sagemaker = emulator.client("sagemaker")
    create_group(emulator, sagemaker, visits, person="Integral")
    create_group(emulator, sagemaker, people, age="Integral")
    put(runtime, visits, [Put("v1", START + 5, 0, {"person": 7}), Put("v2", START + 1, 1, {"person": 7})])
    put(runtime, people, [Put("7", START + 2, 0, {"age": 41})])
    sets = TrainingSets(aws, f"s3://{emulator.bucket}/training-sets")
    wait_for_rows(aws, sets, visits, 2)
    wait_for_rows(aws, sets, people, 1)

    made: TrainingSet = sets.of_group(visits, [Features(people, key="person")])

    assert sorted(read(aws, made.uri)) == [
        ["id", "at", "person", "age"],
        ["v1", iso(START + 5), "7", "41"],
        ["v2", iso(START + 1), "7", ""],
    ]


def test_what_cannot_be_made_says_why_and_leaves_no_table(emulator: Emulator, aws: Aws) -> None:
    name = new_name("people")
    create_group(emulator, emulator.client("sagemaker"), name, age="Integral")
    sets = TrainingSets(aws, f"s3://{emulator.bucket}/training-sets")
    rows = [{"id": "a", "moment": iso(START)}]

    with pytest.raises(TrainingSetError, match="nobody"):
        sets.of_rows(rows, "moment", [Features("nobody")])
    with pytest.raises(TrainingSetError, match=r"no feature 'height'.*age"):
        sets.of_rows(rows, "moment", [Features(name, names=("height",))])
    with pytest.raises(TrainingSetError, match=r"'person'.*id, moment"):
        sets.of_rows(rows, "moment", [Features(name, key="person")])
    [table] = emulator.client("glue").get_tables(**DATABASE, Expression=f"{name.replace('-', '_')}_.*")[
        "TableList"
    ]
    create_group(emulator, emulator.client("sagemaker"), new_name("others"))
    emulator.client("glue").delete_table(**DATABASE, Name=table["Name"])
    with pytest.raises(QueryError, match=table["Name"]):
        sets.of_rows(rows, "moment", [Features(name)])
    assert tables_left(emulator) == []
