"""Records of feature groups: what wins, what ends, what the offline store is told, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.emulator_features import values
from tests.support.feature_plane import OFFLINE, ONLINE, FeaturePlane
from tests.support.output_shapes import complaints
from tests.support.registry import refused

SERVICE = "sagemaker-featurestore-runtime"
EARLY, LATE, LATER = "2023-11-14T20:00:00Z", "2023-11-14T21:00:00Z", "2023-11-14T22:00:00.500Z"


@pytest.fixture
def plane(tmp_path: Path) -> FeaturePlane:
    return FeaturePlane(tmp_path)


@pytest.fixture
def runtime(plane: FeaturePlane) -> Any:
    return plane.client(SERVICE)


def put(runtime: Any, at: str = LATE, name: str = "people", **features: Any) -> None:
    known = {key: value for key, value in features.items() if key not in ("TargetStores", "TtlDuration")}
    more = {key: value for key, value in features.items() if key not in known}
    record = values(**{"id": "a", **known, "at": at})
    runtime.put_record(FeatureGroupName=name, Record=record, **more)


def got(runtime: Any, identifier: str = "a", name: str = "people", **parameters: Any) -> Any:
    answer = runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString=identifier, **parameters)
    assert complaints(SERVICE, "GetRecord", answer) == []
    return {
        each["FeatureName"]: each.get("ValueAsString", each.get("ValueAsStringList"))
        for each in answer.get("Record", ())
    }


def test_a_record_is_answered_as_it_was_put(plane: FeaturePlane, runtime: Any) -> None:
    arn = plane.create()

    put(runtime, age="41", score="0.1234567890123456")

    assert got(runtime) == {"id": "a", "age": "41", "score": "0.1234567890123456", "at": LATE}
    assert got(runtime, name=arn, FeatureNames=["score", "id"]) == {
        "id": "a",
        "score": "0.1234567890123456",
    }
    assert got(runtime, "nobody") == {}


def test_a_newer_record_replaces_the_whole_one_and_an_older_one_is_history(
    plane: FeaturePlane, runtime: Any
) -> None:
    plane.create()

    put(runtime, LATE, age="41", score="0.5")
    put(runtime, LATER, age="42")
    put(runtime, EARLY, age="40", score="0.1")

    assert got(runtime) == {"id": "a", "age": "42", "at": LATER}
    # Every one is in the offline store; the places are those of the definitions.
    kept = [json.loads(line) for line in plane.lines()]
    assert sorted((line["1"], line["2"]) for line in kept) == [(EARLY, "40"), (LATE, "41"), (LATER, "42")]


def test_a_thousandth_of_a_second_is_newer(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()

    put(runtime, "2023-11-14T22:00:00.499Z", age="41")
    put(runtime, LATER, age="42")

    assert got(runtime)["age"] == "42"


def test_a_record_of_the_same_moment_is_history(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()

    put(runtime, LATE, age="41")
    put(runtime, LATE, age="42")

    # API reference, PutRecord: "If a new record's EventTime is greater".
    assert got(runtime)["age"] == "41"
    assert len(plane.lines()) == 2


def test_event_times_may_be_seconds(plane: FeaturePlane, runtime: Any) -> None:
    definitions = [
        {"FeatureName": "id", "FeatureType": "String"},
        {"FeatureName": "at", "FeatureType": "Fractional"},
    ]
    plane.create(FeatureDefinitions=definitions)

    put(runtime, "1699990000.5")
    put(runtime, "1699990000.25")

    assert got(runtime) == {"id": "a", "at": "1699990000.5"}
    assert "no Unix timestamp" in refused_put(runtime, at="-1")[1]
    assert "Fractional" in refused_put(runtime, at=LATE)[1]


def test_target_stores_choose(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()

    put(runtime, age="1", TargetStores=["OfflineStore"])
    only_offline = got(runtime)
    put(runtime, age="2", TargetStores=["OnlineStore"])

    assert only_offline == {}
    assert got(runtime)["age"] == "2"
    assert [json.loads(line)["2"] for line in plane.lines()] == ["1"]


def test_a_store_that_a_group_has_not_is_refused(plane: FeaturePlane, runtime: Any) -> None:
    plane.create("on", OfflineStoreConfig=None)
    plane.create("off", OnlineStoreConfig=None)

    put(runtime, name="off")

    asked = {"FeatureGroupName": "off", "RecordIdentifierValueAsString": "a"}
    assert refused(runtime.get_record, **asked) == (
        "ValidationError",
        "Validation Error: FeatureGroup off has no OnlineStore.",
    )
    assert "has no OfflineStore" in refused_put(runtime, name="on", TargetStores=["OfflineStore"])[1]


def test_a_time_to_live_ends_a_record_by_the_movable_clock(plane: FeaturePlane, runtime: Any) -> None:
    plane.create(OnlineStoreConfig=ONLINE | {"TtlDuration": {"Unit": "Hours", "Value": 2}})
    # The clock begins at 22:13:20: the group's two hours end at 23:00, the record's week later.
    put(runtime, LATE)
    put(runtime, LATE, id="b", TtlDuration={"Unit": "Weeks", "Value": 1})

    answer = runtime.get_record(
        FeatureGroupName="people", RecordIdentifierValueAsString="a", ExpirationTimeResponse="Enabled"
    )
    plane.clock.move(46 * 60 + 39)
    before = got(runtime)
    plane.clock.move(1)

    assert answer["ExpiresAt"] == "2023-11-14T23:00:00Z"
    assert before != {}
    assert got(runtime) == {}
    assert got(runtime, "b") != {}


def test_what_has_expired_stands_in_nobodys_way(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    put(runtime, LATER, TtlDuration={"Unit": "Minutes", "Value": 30})
    plane.clock.move(3600)

    put(runtime, EARLY, age="7")

    assert got(runtime)["age"] == "7"
    assert plane.records.purge(round(plane.clock.now() * 1e6)) == 0


def test_what_has_expired_is_removed_from_disk(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    put(runtime, LATER, TtlDuration={"Unit": "Minutes", "Value": 30})
    plane.clock.move(3600)

    assert plane.records.purge(round(plane.clock.now() * 1e6)) == 1


def test_a_soft_deletion_hides_the_record_and_marks_it_offline(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    put(runtime, LATE, age="41")
    asked = {"FeatureGroupName": "people", "RecordIdentifierValueAsString": "a"}

    runtime.delete_record(**asked, EventTime=LATER)

    assert got(runtime) == {}
    marker = json.loads(plane.lines()[-1])
    # Identifier and time of the deletion, nothing else (API reference, DeleteRecord).
    assert {key: marker[key] for key in marker if key != "api"} == {"del": True, "0": "a", "1": LATER}
    put(runtime, LATE, age="42")
    assert got(runtime) == {}
    put(runtime, "2023-11-14T23:00:00Z", age="43")
    assert got(runtime)["age"] == "43"


def test_an_older_soft_deletion_leaves_the_record_and_is_told_offline(
    plane: FeaturePlane, runtime: Any
) -> None:
    plane.create()
    put(runtime, LATE, age="41")

    runtime.delete_record(FeatureGroupName="people", RecordIdentifierValueAsString="a", EventTime=EARLY)

    assert got(runtime)["age"] == "41"
    # The older event's hour is the first folder.
    assert [json.loads(line)["del"] for line in plane.lines()] == [True, False]


def test_a_hard_deletion_removes_the_record_unless_it_is_newer(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    put(runtime, LATE, age="41")
    asked = {
        "FeatureGroupName": "people",
        "RecordIdentifierValueAsString": "a",
        "DeletionMode": "HardDelete",
    }

    for time in (EARLY, LATE):
        code, text = refused(runtime.delete_record, **asked, EventTime=time)
        assert (code, text.partition(":")[0]) == ("ValidationError", "EventTime")
    assert [json.loads(line)["del"] for line in plane.lines()] == [False]
    runtime.delete_record(**asked, EventTime=LATER)

    assert got(runtime) == {}
    assert [json.loads(line)["del"] for line in plane.lines()] == [True]
    # Nothing is left that an older one would have to be newer than.
    put(runtime, EARLY, age="40")
    assert got(runtime)["age"] == "40"


def test_batches_tell_what_went_wrong_beside_what_did_not(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    entries = [
        {"FeatureGroupName": "people", "Record": values(id="a", at=LATE, age="1")},
        {"FeatureGroupName": "people", "Record": values(id="b", at=LATE, age="young")},
        {"FeatureGroupName": "nobody", "Record": values(id="c", at=LATE)},
    ]

    written = runtime.batch_write_record(Entries=entries, TtlDuration={"Unit": "Weeks", "Value": 1})
    read = runtime.batch_get_record(
        Identifiers=[
            {
                "FeatureGroupName": "people",
                "RecordIdentifiersValueAsString": ["a", "b"],
                "FeatureNames": ["age"],
            },
            {"FeatureGroupName": "nobody", "RecordIdentifiersValueAsString": ["c"]},
        ],
        ExpirationTimeResponse="Enabled",
    )

    assert [(each["Entry"], each["ErrorCode"]) for each in written["Errors"]] == [
        (entries[1], "ValidationError"),
        (entries[2], "ResourceNotFound"),
    ]
    assert read["Records"] == [
        {
            "FeatureGroupName": "people",
            "RecordIdentifierValueAsString": "a",
            "Record": values(age="1"),
            "ExpiresAt": "2023-11-21T21:00:00Z",
        }
    ]
    assert [each["RecordIdentifierValueAsString"] for each in read["Errors"]] == ["c"]
    assert complaints(SERVICE, "BatchWriteRecord", written) == []
    assert complaints(SERVICE, "BatchGetRecord", read) == []


def test_a_part_of_a_record_is_updated(plane: FeaturePlane, runtime: Any) -> None:
    plane.create(OnlineStoreConfig=ONLINE | {"StorageType": "Standard_V2"})
    put(runtime, LATE, age="41", score="0.5")
    asked = {"FeatureGroupName": "people", "RecordIdentifierValueAsString": "a"}

    runtime.update_record(**asked, Features=values(age="42"))
    without_time = got(runtime)
    runtime.update_record(**asked, Features=values(at=LATER, score="0.6"))

    assert without_time == {"id": "a", "age": "42", "score": "0.5", "at": LATE}
    assert got(runtime) == {"id": "a", "age": "42", "score": "0.6", "at": LATER}
    assert refused_with_status(runtime.update_record, **asked, Features=values(at=EARLY)) == (
        "ConflictException",
        409,
    )
    runtime.delete_record(**asked, EventTime="2023-11-14T23:00:00Z")
    assert refused_with_status(runtime.update_record, **asked, Features=values(age="1")) == (
        "ResourceNotFound",
        404,
    )


def test_updates_need_a_store_that_has_them(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    put(runtime)
    asked = {"FeatureGroupName": "people", "RecordIdentifierValueAsString": "a"}

    code, text = refused(runtime.update_record, **asked, Features=values(age="1"))

    assert code == "ValidationError"
    assert "Standard_V2" in text


def test_an_update_keeps_the_end_of_a_record_unless_it_brings_another(
    plane: FeaturePlane, runtime: Any
) -> None:
    plane.create(OnlineStoreConfig=ONLINE | {"StorageType": "Standard_V2"})
    asked = {"FeatureGroupName": "people", "RecordIdentifierValueAsString": "a"}
    put(runtime, LATE, TtlDuration={"Unit": "Weeks", "Value": 1})

    def end() -> str:
        answer = runtime.get_record(**asked, ExpirationTimeResponse="Enabled")
        return str(answer["ExpiresAt"])

    runtime.update_record(**asked, Features=values(age="1"))
    kept = end()
    day = {"Unit": "Days", "Value": 1}
    # The time of the record itself is new enough (API reference, UpdateRecord).
    runtime.update_record(**asked, Features=values(at=LATE), TtlDuration=day)

    assert kept == "2023-11-21T21:00:00Z"
    assert end() == "2023-11-15T21:00:00Z"


def test_an_entrys_own_time_to_live_goes_before_its_batchs(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    entry = {"FeatureGroupName": "people", "Record": values(id="a", at=LATE)}
    week, day = {"Unit": "Weeks", "Value": 1}, {"Unit": "Days", "Value": 1}

    runtime.batch_write_record(Entries=[{**entry, "TtlDuration": day}], TtlDuration=week)

    answer = runtime.get_record(
        FeatureGroupName="people", RecordIdentifierValueAsString="a", ExpirationTimeResponse="Enabled"
    )
    assert answer["ExpiresAt"] == "2023-11-15T21:00:00Z"


def test_a_hundred_features_are_updated_at_a_time(plane: FeaturePlane, runtime: Any) -> None:
    names = [f"f{number}" for number in range(101)]
    definitions = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at", *names)]
    plane.create(OnlineStoreConfig=ONLINE | {"StorageType": "Standard_V2"}, FeatureDefinitions=definitions)
    put(runtime)
    asked = {"FeatureGroupName": "people", "RecordIdentifierValueAsString": "a"}

    runtime.update_record(**asked, Features=values(**dict.fromkeys(names[:100], "x")))
    code, text = refused(runtime.update_record, **asked, Features=values(**dict.fromkeys(names, "y")))

    assert (code, "not 101" in text) == ("ValidationError", True)
    assert got(runtime)["f99"] == "x"


def test_records_of_a_group_that_is_not_created_are_not_taken(plane: FeaturePlane, runtime: Any) -> None:
    plane.holds = True
    plane.create()

    assert refused_put(runtime)[0] == "ValidationError"
    plane.work()
    put(runtime)
    plane.client().delete_feature_group(FeatureGroupName="people")
    assert refused_put(runtime, at=LATER)[0] == "ValidationError"


def test_an_update_with_a_time_to_live_needs_a_time(plane: FeaturePlane, runtime: Any) -> None:
    plane.create(OnlineStoreConfig=ONLINE | {"StorageType": "Standard_V2"})
    put(runtime)
    asked = {"FeatureGroupName": "people", "RecordIdentifierValueAsString": "a"}
    week = {"Unit": "Weeks", "Value": 1}

    code, text = refused(runtime.update_record, **asked, Features=values(age="1"), TtlDuration=week)
    renamed = refused(runtime.update_record, **asked, Features=values(id="b"))

    assert (code, "EventTime" in text) == ("ValidationError", True)
    assert "cannot be changed" in renamed[1]


def test_identifiers_are_listed_in_pages(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    for identifier in ("c", "a", "d", "b"):
        put(runtime, LATE, id=identifier)
    runtime.delete_record(FeatureGroupName="people", RecordIdentifierValueAsString="b", EventTime=LATER)

    first = runtime.list_records(FeatureGroupName="people", MaxResults=2)
    second = runtime.list_records(FeatureGroupName="people", MaxResults=2, NextToken=first["NextToken"])
    all_of_them = runtime.list_records(FeatureGroupName="people", IncludeSoftDeletedRecords=True)

    assert (first["RecordIdentifiers"], second["RecordIdentifiers"]) == (["a", "c"], ["d"])
    assert "NextToken" not in second
    assert all_of_them["RecordIdentifiers"] == ["a", "b", "c", "d"]
    assert refused(runtime.list_records, FeatureGroupName="people", NextToken="x")[0] == "ValidationError"


def test_a_collection_is_kept_as_a_list(plane: FeaturePlane, runtime: Any) -> None:
    plane.create(
        OnlineStoreConfig=ONLINE | {"StorageType": "InMemory"},
        FeatureDefinitions=[
            {"FeatureName": "id", "FeatureType": "Integral"},
            {"FeatureName": "at", "FeatureType": "String"},
            {"FeatureName": "tags", "FeatureType": "String", "CollectionType": "List"},
            {
                "FeatureName": "point",
                "FeatureType": "Fractional",
                "CollectionType": "Vector",
                "CollectionConfig": {"VectorConfig": {"Dimension": 2}},
            },
        ],
    )

    put(runtime, id="1", tags=["x", "y"], point=["1.5", "2"])

    assert got(runtime, "1") == {"id": "1", "tags": ["x", "y"], "point": ["1.5", "2"], "at": LATE}
    assert "Vector of 2" in refused_put(runtime, id="1", point=["1"])[1]
    assert "Fractional" in refused_put(runtime, id="1", point=["1", "x"])[1]
    assert "ValueAsStringList" in refused_put(runtime, id="1", tags="x")[1]
    assert "Integral" in refused_put(runtime, id="one")[1]


def refused_put(runtime: Any, **features: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        put(runtime, **features)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def refused_with_status(call: Any, **parameters: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("features", "complaint"),
    [
        ({"age": "41.5"}, "'age', which is Integral"),
        ({"age": str(2**63)}, "'age', which is Integral"),
        ({"age": str(-(2**63) - 1)}, "'age', which is Integral"),
        ({"age": "٤"}, "'age', which is Integral"),
        ({"score": "high"}, "'score', which is Fractional"),
        ({"score": "nan"}, "'score', which is Fractional"),
        ({"score": "1e999"}, "'score', which is Fractional"),
        ({"score": ["1"]}, "no collection"),
        ({"height": "1"}, "no feature 'height'"),
        ({"id": ""}, "from 1 to 2048 bytes"),
        ({"id": "x" * 2049}, "from 1 to 2048 bytes"),
        ({"at": "2023-11-14"}, "yyyy-MM-dd'T'HH:mm:ssZ"),
        ({"at": "2023-11-14T21:00:00+01:00"}, "yyyy-MM-dd'T'HH:mm:ssZ"),
        ({"at": "2023-02-30T21:00:00Z"}, "yyyy-MM-dd'T'HH:mm:ssZ"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_and_nothing_of_it_kept(
    plane: FeaturePlane, runtime: Any, features: dict[str, Any], complaint: str
) -> None:
    plane.create()

    code, text = refused_put(runtime, **features)

    assert code == "ValidationError"
    assert complaint in text
    assert (got(runtime), plane.lines()) == ({}, [])


def test_what_a_record_must_have_is_named(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()

    for record, complaint in (
        (values(id="a"), "no value for 'at'"),
        (values(at=LATE), "no value for 'id'"),
        (values(id="a", at=LATE) + values(at=LATER), "'at' is there twice"),
        (values(id="a", at=LATE) + [{"FeatureName": "age"}] * 2, ""),
    ):
        if complaint:
            assert complaint in refused(runtime.put_record, FeatureGroupName="people", Record=record)[1]
        else:
            # A feature without a value is a feature that is missing.
            runtime.put_record(FeatureGroupName="people", Record=record)
    assert got(runtime) == {"id": "a", "at": LATE}


def test_a_record_may_have_350_kb(plane: FeaturePlane, runtime: Any) -> None:
    definitions = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at", "text")]
    plane.create(FeatureDefinitions=definitions)
    room = 350 * 1024 - len("a") - len(LATE)

    put(runtime, text="x" * room)

    assert len(got(runtime)["text"]) == room
    assert "at most" in refused_put(runtime, text="x" * (room + 1))[1]


def test_an_unknown_group_is_told_in_aws_words(plane: FeaturePlane, runtime: Any) -> None:
    text = "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name [nobody]"
    asked = {"FeatureGroupName": "nobody", "RecordIdentifierValueAsString": "a"}

    # aws/sagemaker-python-sdk #2606; the model of GetRecord has an error of its own.
    assert refused_put(runtime, name="nobody") == ("ValidationError", text)
    assert refused(runtime.get_record, **asked) == ("ResourceNotFound", text)
    plane.create("people", OfflineStoreConfig=OFFLINE)
    assert refused_put(runtime, name="PEOPLE")[0] == "ValidationError"


def test_a_group_is_seen_as_it_is_after_every_change(plane: FeaturePlane, runtime: Any) -> None:
    plane.create()
    sagemaker = plane.client()
    put(runtime, age="1")

    unknown = refused_put(runtime, city="Wien")
    sagemaker.update_feature_group(
        FeatureGroupName="people", FeatureAdditions=[{"FeatureName": "city", "FeatureType": "String"}]
    )
    put(runtime, LATER, city="Wien")
    known = got(runtime)
    sagemaker.delete_feature_group(FeatureGroupName="people")
    gone = refused_put(runtime)
    plane.create()

    assert unknown[0] == gone[0] == "ValidationError"
    assert known["city"] == "Wien"
    # The new group of the old name has nothing of the old one.
    assert got(runtime) == {}


def test_a_group_that_changes_while_it_is_read_is_read_again(
    plane: FeaturePlane, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.create()
    remember = plane.records.remember

    def changed_meanwhile(*about: Any) -> None:
        monkeypatch.undo()
        addition = {"FeatureName": "city", "FeatureType": "String"}
        plane.client().update_feature_group(FeatureGroupName="people", FeatureAdditions=[addition])
        remember(*about)

    monkeypatch.setattr(plane.records, "remember", changed_meanwhile)
    put(runtime, LATE)
    put(runtime, LATER, city="Wien")

    assert got(runtime)["city"] == "Wien"


def test_records_are_each_accounts_own(plane: FeaturePlane, runtime: Any) -> None:
    arn = plane.create()
    put(runtime, age="1")
    other = plane.client(SERVICE, account="999999999999")

    for name in ("people", arn):
        asked = {"FeatureGroupName": name, "RecordIdentifierValueAsString": "a"}
        assert refused(other.get_record, **asked)[0] == "ResourceNotFound"
