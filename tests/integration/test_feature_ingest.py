"""The preprocess image and the feature store: filled whatever happens, and read by SQL as it was written."""

import copy
import csv
import io
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_features import create_group, create_group_of, values
from tests.support.emulator_jobs import Jobs
from tests.support.endpoints import new_name
from tests.support.feature_jobs import RUNTIME, FeatureJobs
from tests.support.preprocess_data import SCHEMA, clients, csv_text
from tests.support.preprocess_readme import documented_messages, says

# Seconds since 1970 after any that `ingest` writes.
LATER = "4102444800"
SPLIT = ("--validation-fraction", "0.1")
# Enough for something to happen in the middle, and done in seconds.
MANY = {"a": 20, "b": 20, "c": 15}
MANY_RECORDS = 20 * 20 * 15


def without_commas(text: str) -> str:
    return text.replace(", ", " of ")


def small_schema() -> dict[str, Any]:
    """The clients' schema, its cities renamed: a comma joins the categories of a key."""
    schema = copy.deepcopy(SCHEMA)
    for category in schema["features"][3]["categories"]:
        category["value"] = without_commas(category["value"])
    return schema


def many_schema() -> dict[str, Any]:
    features = [
        {"name": name, "type": "String"}
        | {"categories": [{"value": f"{name}{n}", "encoded_name": f"{name}_{n}"} for n in range(count)]}
        for name, count in MANY.items()
    ]
    return {**SCHEMA, "features": features}


ROWS = csv_text([row | {"city": without_commas(row["city"])} for row in clients()])


def expected_records(schema: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What the group must hold, worked out from schema.json by hand: columns by key."""
    features = [feature for feature in schema["features"] if feature["type"] == "String"]
    choices = [
        [*(each["value"] for each in feature["categories"]), *([""] if feature.get("nullable") else [])]
        for feature in features
    ]
    return {
        ",".join(chosen): {
            each["encoded_name"]: "1" if each["value"] == value else "0"
            for feature, value in zip(features, chosen, strict=True)
            for each in feature["categories"]
        }
        for chosen in itertools.product(*choices)
    }


SMALL = expected_records(small_schema())


@pytest.fixture(scope="module")
def jobs(emulator: Emulator, preprocess_image: str) -> Jobs:
    """Processing jobs of the session's own emulator."""
    return Jobs(emulator, preprocess_image)


@pytest.fixture
def runtime(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client(RUNTIME)
    yield client
    client.close()


def feature_jobs(jobs: Jobs, schema: dict[str, Any] | None = None) -> FeatureJobs:
    """Jobs of a group and a folder that nobody else has."""
    name = new_name("enc")
    return FeatureJobs(jobs, name, name, schema or small_schema())


@pytest.fixture(scope="module")
def filled(jobs: Jobs) -> tuple[FeatureJobs, Any]:
    """A group that was filled from nothing, what `ingest` reported, and the clients' rows, preprocessed."""
    small = feature_jobs(jobs)
    report = small.ingested()
    small.preprocess(ROWS, *SPLIT)
    return small, report


def test_ingest_makes_the_group_and_fills_it(filled: tuple[FeatureJobs, Any], jobs: Jobs) -> None:
    small, report = filled

    found = small.records(report["feature_group_name"], list(SMALL))

    columns = {
        key: {name: value for name, value in record.items() if name not in ("combination", "event_time")}
        for key, record in found.items()
    }
    assert columns == SMALL
    assert all(record["combination"] == key for key, record in found.items())
    described = jobs.sagemaker.describe_feature_group(FeatureGroupName=report["feature_group_name"])
    assert described["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"] == jobs.uri("feature-store")
    assert report["feature_group_name"].startswith(f"{small.prefix}-")
    assert (report["records"], report["written"], report["already_there"]) == (len(SMALL), len(SMALL), 0)


def test_a_group_that_is_full_is_left_alone(jobs: Jobs, runtime: Any) -> None:
    small = feature_jobs(jobs)
    group = small.ingested()["feature_group_name"]
    key = next(iter(SMALL))
    runtime.delete_record(
        FeatureGroupName=group, RecordIdentifierValueAsString=key, EventTime=LATER, DeletionMode="SoftDelete"
    )

    again = small.ingested()

    # Had it looked at the records it would have missed this one.
    assert (again["records"], again["written"], again["already_there"]) == (len(SMALL), 0, len(SMALL))
    assert key not in small.records(group, [key])


def lose_the_offline_store(jobs: Jobs, group: str) -> None:
    """Remove what a group's offline store has, once it has something."""
    described = jobs.sagemaker.describe_feature_group(FeatureGroupName=group)
    uri = described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    prefix = f"{uri.removeprefix(jobs.uri(''))}/"
    names = wait_until(lambda: jobs.objects(prefix) or None, "the offline store to have records")
    jobs.emulator.s3.delete_objects(
        Bucket=jobs.emulator.bucket, Delete={"Objects": [{"Key": f"{prefix}{name}"} for name in names]}
    )


def test_an_offline_store_that_has_lost_everything_is_filled_again(jobs: Jobs) -> None:
    small = feature_jobs(jobs)
    small.preprocess(ROWS, *SPLIT)
    group = small.ingested()["feature_group_name"]
    jobs.completed(small.start_features(group))
    lose_the_offline_store(jobs, group)

    again = small.ingested()

    assert (again["records"], again["written"], again["already_there"]) == (len(SMALL), len(SMALL), 0)
    jobs.completed(small.start_features(group))
    assert small.objects("features")["train/train.csv"] == small.objects("preprocess")["train/train.csv"]


def test_an_offline_store_that_nobody_has_read_yet_may_only_be_behind(jobs: Jobs) -> None:
    small = feature_jobs(jobs)
    group = small.ingested()["feature_group_name"]
    lose_the_offline_store(jobs, group)

    assert small.ingested()["written"] == 0


def online(small: FeatureJobs, group: str, keys: Sequence[str]) -> bool | None:
    """Whether any of the keys is there yet; the group itself may not be."""
    groups = small.jobs.sagemaker.list_feature_groups(NameContains=group)["FeatureGroupSummaries"]
    is_created = [each["FeatureGroupName"] for each in groups if each["FeatureGroupStatus"] == "Created"]
    return True if is_created and small.records(is_created[0], list(keys)) else None


def begun(many: FeatureJobs, job: str) -> Any:
    """The job's container, once it has written more than its first records."""
    keys = list(expected_records(many.schema))[1000:1100]
    container = many.jobs.running(job)
    wait_until(lambda: online(many, many.prefix, keys), "a thousand records to be written")
    return container


def test_an_ingestion_that_was_killed_goes_on_where_it_was(jobs: Jobs) -> None:
    many = feature_jobs(jobs, many_schema())
    job = many.start_ingest()

    begun(many, job).kill("SIGKILL")
    described = jobs.ended(job)
    report = many.ingested()

    assert described["ProcessingJobStatus"] == "Failed"
    assert report["already_there"] > 0
    assert report["written"] > 0
    assert report["already_there"] + report["written"] == report["records"] == MANY_RECORDS
    expected = expected_records(many.schema)
    found = many.records(report["feature_group_name"], list(expected))
    assert {key: {name: record[name] for name in expected[key]} for key, record in found.items()} == expected


def test_an_ingestion_that_is_stopped_says_how_far_it_came(jobs: Jobs) -> None:
    many = feature_jobs(jobs, many_schema())
    job = many.start_ingest()

    begun(many, job)
    jobs.sagemaker.stop_processing_job(ProcessingJobName=job)
    described = jobs.ended(job)

    assert described["ProcessingJobStatus"] == "Stopped"
    assert f" of {MANY_RECORDS:,} records were there" in described["ExitMessage"]
    assert says(described["ExitMessage"], documented_messages()["`ingest` is stopped"])


def failure(jobs: Jobs, job: str) -> str:
    """Why a job failed, as it says itself."""
    described = jobs.ended(job)
    assert described["ProcessingJobStatus"] == "Failed", described
    message: str = described["ExitMessage"]
    return message


def test_a_group_of_that_name_with_other_features_is_refused(jobs: Jobs, emulator: Emulator) -> None:
    group = feature_jobs(jobs).ingested()["feature_group_name"]
    small = feature_jobs(jobs)
    foreign = f"{small.prefix}-{group.rpartition('-')[2]}"
    create_group(emulator, jobs.sagemaker, foreign, score="Fractional")

    message = failure(jobs, small.start_ingest())

    assert message == (
        f"feature group {foreign} is not what ingest makes of this schema: "
        "its RecordIdentifierFeatureName is 'id', not 'combination'; delete it, or choose another prefix."
    )
    assert says(message, documented_messages()["a group is somebody else's"])


def test_categories_that_keys_cannot_hold_are_refused_before_a_group_is_made(jobs: Jobs) -> None:
    commas = feature_jobs(jobs, SCHEMA)

    message = failure(jobs, commas.start_ingest())

    assert "feature 'city': the category 'the \"Hague\", NL' has a comma" in message
    assert says(message, documented_messages()["a category has a comma"])
    assert jobs.sagemaker.list_feature_groups(NameContains=commas.prefix)["FeatureGroupSummaries"] == []


def test_columns_read_by_sql_give_the_very_bytes_that_preprocess_wrote(
    filled: tuple[FeatureJobs, Any], jobs: Jobs
) -> None:
    small, report = filled
    written = small.objects("preprocess")

    jobs.completed(small.start_features(report["feature_group_name"]))

    read = small.objects("features")
    told = json.loads(read.pop("features/features.json"))
    keys = {name: read_keys(written[f"keys/{name}.csv"]) for name in ("train", "validation")}
    assert read == {name: content for name, content in written.items() if not name.startswith("keys/")}
    assert set(read) == {"train/train.csv", "validation/validation.csv"}
    assert told["feature_group_name"] == report["feature_group_name"]
    assert told["records"] == len(SMALL)
    assert told["rows"] == len(keys["train"]) + len(keys["validation"]) == 432
    assert told["distinct_keys"] == len({*keys["train"], *keys["validation"]})
    query = jobs.emulator.client("athena").get_query_execution(QueryExecutionId=told["query_execution_id"])
    assert query["QueryExecution"]["Status"]["State"] == "SUCCEEDED"


def read_keys(content: bytes) -> list[str]:
    return [row[0] for row in csv.reader(io.StringIO(content.decode(), newline=""))]


def test_keys_are_those_of_the_rows_beside_them(filled: tuple[FeatureJobs, Any]) -> None:
    small, _ = filled
    written = small.objects("preprocess")

    for name in ("train", "validation"):
        lines = written[f"{name}/{name}.csv"].decode().splitlines()
        # The label and three numbers come before the categories' columns.
        encoded = [line.split(",", 4)[4] for line in lines]
        assert encoded == [",".join(SMALL[key].values()) for key in read_keys(written[f"keys/{name}.csv"])]


def record(key: str, event_time: str = "1", **changed: str) -> list[dict[str, str]]:
    return values(**{"combination": key, "event_time": event_time, **SMALL[key], **changed})


@pytest.fixture
def lagging(jobs: Jobs, runtime: Any) -> tuple[FeatureJobs, str]:
    """Preprocessed rows, and a group that looks full and has nothing in its offline store."""
    small = feature_jobs(jobs)
    small.preprocess(ROWS, *SPLIT)
    types = {"combination": "String", "event_time": "Fractional"}
    types |= dict.fromkeys(next(iter(SMALL.values())), "Integral")
    group = create_group_of(jobs.emulator, jobs.sagemaker, small.prefix, types)
    for key in SMALL:
        runtime.put_record(FeatureGroupName=small.prefix, Record=record(key), TargetStores=["OnlineStore"])
    jobs.sagemaker.add_tags(
        ResourceArn=group["FeatureGroupArn"], Tags=[{"Key": "slipway:records", "Value": str(len(SMALL))}]
    )
    return small, small.prefix


def test_records_that_are_not_in_the_offline_store_yet_are_waited_for(
    lagging: tuple[FeatureJobs, str], jobs: Jobs, runtime: Any
) -> None:
    small, group = lagging
    answers = f"{small.folder}/queries/"
    job = small.start_features(group, "--query-results-uri", jobs.uri(answers))

    wait_until(lambda: jobs.objects(answers) or None, "a first query to be answered")
    for key in SMALL:
        runtime.put_record(FeatureGroupName=group, Record=record(key), TargetStores=["OfflineStore"])
    jobs.completed(job)

    assert len(jobs.objects(answers)) > 1
    assert small.objects("features")["train/train.csv"] == small.objects("preprocess")["train/train.csv"]


def test_an_offline_store_that_lacks_records_for_too_long_fails_the_job(
    lagging: tuple[FeatureJobs, str], jobs: Jobs
) -> None:
    small, group = lagging

    message = failure(jobs, small.start_features(group, "--wait-seconds", "1"))

    assert message == (
        f"the offline store of feature group {group} has 0 of {len(SMALL)} records after 1 s; "
        "start the job again later or with a larger --wait-seconds, or delete the group and ingest it again."
    )
    assert says(message, documented_messages()["the offline store lags"])
    assert small.objects("features") == {}


def test_a_record_that_somebody_else_wrote_fails_the_job_by_key_and_column(jobs: Jobs, runtime: Any) -> None:
    small = feature_jobs(jobs)
    group = small.ingested()["feature_group_name"]
    small.preprocess(ROWS, *SPLIT)
    (key, *_) = read_keys(small.objects("preprocess")["keys/train.csv"])
    column = next(name for name, value in SMALL[key].items() if value == "1")

    runtime.put_record(FeatureGroupName=group, Record=record(key, LATER, **{column: "7"}))
    wait_until(lambda: in_the_offline_store(jobs, group, LATER), "the record to reach the offline store")
    message = failure(jobs, small.start_features(group))

    assert message == (
        f"row 1 of train, key '{key}', column '{column}': the feature group has '7', the encoder gives '1'; "
        "somebody else wrote that record. Delete the group and ingest it again."
    )
    assert says(message, documented_messages()["a record was changed"])
    assert small.objects("features") == {}


def in_the_offline_store(jobs: Jobs, group: str, event_time: str) -> bool | None:
    """Whether a record of this time is in a group's offline store; its partition is named by the hour."""
    described = jobs.sagemaker.describe_feature_group(FeatureGroupName=group)
    uri = described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    year = datetime.fromtimestamp(int(event_time), UTC).year
    prefix = f"{uri.removeprefix(jobs.uri(''))}/year={year}/"
    return True if jobs.objects(prefix) else None


def test_a_group_that_was_not_filled_to_its_end_is_not_read(jobs: Jobs) -> None:
    small = feature_jobs(jobs)
    small.preprocess(ROWS, *SPLIT)
    group = small.ingested()["feature_group_name"]
    arn = jobs.sagemaker.describe_feature_group(FeatureGroupName=group)["FeatureGroupArn"]
    jobs.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["slipway:records"])

    message = failure(jobs, small.start_features(group))

    assert message == (
        f"feature group {group} is not filled yet, and the schema's categories have {len(SMALL)} "
        "combinations; let ingest come to its end first."
    )
    assert says(message, documented_messages()["a group is not full"])


def test_a_group_that_is_not_there_is_named(filled: tuple[FeatureJobs, Any], jobs: Jobs) -> None:
    small, _ = filled

    message = failure(jobs, small.start_features("nobodys"))

    assert message == "there is no feature group nobodys; let ingest make and fill it."
    assert says(message, documented_messages()["there is no group"])


def test_places_are_a_group_of_their_own_filled_once(jobs: Jobs, runtime: Any) -> None:
    places = "shop,latitude,longitude,amenity_count\n1,51.5,-0.12,14\n2,51.6,0.0,0\n"
    of_places = feature_jobs(jobs)

    first, again = of_places.places_ingested(places), of_places.places_ingested(places)
    other = of_places.places_ingested(places.replace(",14", ",15"))

    group = first["feature_group_name"]
    assert group == again["feature_group_name"] != other["feature_group_name"]
    counted = [
        tuple(each[name] for name in ("records", "written", "already_there")) for each in (first, again)
    ]
    assert counted == [(2, 2, 0), (2, 0, 2)]
    record = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="1")["Record"]
    assert {each["FeatureName"]: each["ValueAsString"] for each in record} == {
        "shop": "1",
        "event_time": "1577836800",
        "latitude": "51.5",
        "longitude": "-0.12",
        "amenity_count": "14",
    }
    described = jobs.sagemaker.describe_feature_group(FeatureGroupName=group)
    assert described["RecordIdentifierFeatureName"] == "shop"
