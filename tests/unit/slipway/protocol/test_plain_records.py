"""Plain requests of the feature store: answered as every other request would be, to the letter."""

import json
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slipway.protocol.call import HttpAnswer, HttpRequest, SoonAnswer
from slipway.protocol.dispatch import Dispatcher
from slipway.protocol.parsing import parse_rest
from slipway.protocol.plain_records import LARGEST_AT_ONCE, PlainRecords
from slipway.protocol.validation import validate

from tests.support.control_plane import ACCOUNT, MODELS, REGION
from tests.support.emulator_features import values
from tests.support.feature_plane import FeaturePlane

HEADERS = {
    "authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20231114/{REGION}/sagemaker/aws4_request",
    "content-type": "application/json",
}
AT = "2023-11-14T21:00:00Z"
PLAIN = HttpRequest("GET", "/FeatureGroup/people", "RecordIdentifierValueAsString=a%2Cb", HEADERS)


@pytest.fixture
def plane(tmp_path: Path) -> FeaturePlane:
    plane = FeaturePlane(tmp_path)
    plane.create()
    runtime = plane.client("sagemaker-featurestore-runtime")
    for identifier in ("a,b", "a b", "a+b", "ü"):
        runtime.put_record(FeatureGroupName="people", Record=values(id=identifier, age="1", at=AT))
    runtime.put_record(FeatureGroupName="people", Record=values(id="gone", at=AT))
    runtime.delete_record(
        FeatureGroupName="people", RecordIdentifierValueAsString="gone", EventTime="2023-11-14T22:00:00Z"
    )
    return plane


def both(plane: FeaturePlane, request: HttpRequest) -> tuple[HttpAnswer, HttpAnswer]:
    """What the short way answers, or those behind it, and what the long way answers."""
    short = at_once(plane, request) or plane.plain.answer(request)
    return short, plane.dispatcher.answer(request)


def at_once(plane: FeaturePlane, request: HttpRequest) -> HttpAnswer | None:
    """What needs no thread of its own, once it is done; None for anything else."""
    answer = plane.plain.answer_at_once(request)
    if isinstance(answer, SoonAnswer):
        return answer.answer if answer.is_done.result(30) else None
    return answer


def told(answer: HttpAnswer) -> Any:
    headers = {name: value for name, value in answer.headers.items() if name != "x-amzn-requestid"}
    return answer.status, headers, answer.body


@pytest.mark.parametrize(
    "query",
    [
        *("RecordIdentifierValueAsString=a%2Cb", "RecordIdentifierValueAsString=a,b"),
        *("RecordIdentifierValueAsString=a+b", "RecordIdentifierValueAsString=a%20b"),
        *("RecordIdentifierValueAsString=a%2Bb", "RecordIdentifierValueAsString=%C3%BC"),
        *("RecordIdentifierValueAsString=gone", "RecordIdentifierValueAsString=nobody"),
        *("RecordIdentifierValueAsString=", "RecordIdentifierValueAsString=%0A", ""),
        *("RecordIdentifierValueAsString=%FF", "RecordIdentifierValueAsString=%zz"),
        *("RecordIdentifierValueAsString=a%2Cb&FeatureName=age", "RecordIdentifierValueAsString=a;b"),
        *("RecordIdentifierValueAsString=a%2Cb&FeatureName=height", "FeatureName=age"),
        f"RecordIdentifierValueAsString={'x' * 2049}",
        "RecordIdentifierValueAsString=a%2Cb&ExpirationTimeResponse=Enabled",
    ],
)
@pytest.mark.parametrize("group", ["people", "nobody", "PEOPLE", "-", "a%2Fb", "x" * 65])
def test_get_record_has_the_same_answer_both_ways(plane: FeaturePlane, group: str, query: str) -> None:
    short, long = both(plane, HttpRequest("GET", f"/FeatureGroup/{group}", query, HEADERS))

    assert told(short) == told(long)


def test_a_plain_record_really_is_answered_at_once(plane: FeaturePlane) -> None:
    answer = plane.plain.answer_at_once(PLAIN)

    assert isinstance(answer, HttpAnswer)
    assert json.loads(answer.body)["Record"] == values(id="a,b", age="1", at=AT)


def test_a_group_that_was_changed_is_not_answered_from_memory(plane: FeaturePlane) -> None:
    plane.client().delete_feature_group(FeatureGroupName="people")

    assert plane.plain.answer_at_once(PLAIN) is None
    assert both(plane, PLAIN)[0].status == 404


def test_another_account_is_not_answered_from_memory(plane: FeaturePlane) -> None:
    other = {"authorization": HEADERS["authorization"].replace(ACCOUNT, "999999999999")}
    request = HttpRequest("GET", "/FeatureGroup/people", "RecordIdentifierValueAsString=a%2Cb", other)

    assert plane.plain.answer_at_once(request) is None
    assert both(plane, request)[0].status == 404


@pytest.mark.parametrize(
    "identifiers",
    [
        [{"FeatureGroupName": "people", "RecordIdentifiersValueAsString": ["a,b", "x", "gone", "a b"]}],
        [{"FeatureGroupName": "people", "RecordIdentifiersValueAsString": ["ü"]}],
        [{"FeatureGroupName": "people", "RecordIdentifiersValueAsString": ['"']}],
        [{"FeatureGroupName": "nobody", "RecordIdentifiersValueAsString": ["a,b"]}],
        [{"FeatureGroupName": "people", "RecordIdentifiersValueAsString": [""]}],
        [
            {
                "FeatureGroupName": "people",
                "RecordIdentifiersValueAsString": ["a,b"],
                "FeatureNames": ["age"],
            }
        ],
        [{"FeatureGroupName": "people", "RecordIdentifiersValueAsString": []}],
        [],
        [{"FeatureGroupName": "people", "RecordIdentifiersValueAsString": ["a,b"] * 101}],
    ],
)
def test_batch_get_record_has_the_same_answer_both_ways(plane: FeaturePlane, identifiers: Any) -> None:
    body = json.dumps({"Identifiers": identifiers}).encode()

    short, long = both(plane, HttpRequest("POST", "/BatchGetRecord", "", HEADERS, body))

    assert told(short) == told(long)


@pytest.mark.parametrize(("count", "is_at_once"), [(10, True), (11, False)])
def test_a_few_records_are_looked_up_without_a_thread(
    plane: FeaturePlane, count: int, is_at_once: bool
) -> None:
    asked = {"FeatureGroupName": "people", "RecordIdentifiersValueAsString": ["a,b"] * count}
    body = json.dumps({"Identifiers": [asked]}).encode()
    request = HttpRequest("POST", "/BatchGetRecord", "", HEADERS, body)

    answer = plane.plain.answer_at_once(request)

    assert isinstance(answer, HttpAnswer) == is_at_once
    if isinstance(answer, HttpAnswer):
        assert told(answer) == told(both(plane, request)[1])


TEXTS = st.one_of(
    st.sampled_from(["a", "1", AT, "", "\n", '"', "ü", "\ud800", "x" * 65, "A-b_1", "\u2028"]),
    st.text(max_size=6),
)
ODD = st.one_of(st.none(), st.integers(), st.booleans(), TEXTS, st.lists(TEXTS, max_size=2))
VALUES = st.one_of(
    st.fixed_dictionaries({"FeatureName": TEXTS, "ValueAsString": TEXTS}),
    st.dictionaries(st.sampled_from(["FeatureName", "ValueAsString", "ValueAsStringList", "x"]), ODD),
    ODD,
)
RECORDS = st.one_of(st.lists(VALUES, max_size=4), ODD)
GROUPS = st.one_of(st.sampled_from(["people", "a_b-c", "-a", "a-", "x" * 64, "x" * 65]), TEXTS)
ENTRIES = st.one_of(
    st.lists(
        st.one_of(st.fixed_dictionaries({"FeatureGroupName": GROUPS, "Record": RECORDS}), ODD), max_size=3
    ),
    ODD,
)
BODIES = st.one_of(
    st.fixed_dictionaries({"Record": RECORDS}),
    st.fixed_dictionaries({"Entries": ENTRIES}),
    st.dictionaries(st.sampled_from(["Record", "Entries", "TargetStores", "x"]), RECORDS),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, ascii_only=st.booleans(), is_batch=st.booleans())
def test_what_is_read_in_short_is_what_would_be_read_at_length(
    plane: FeaturePlane, body: Any, ascii_only: bool, is_batch: bool
) -> None:
    text = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    method, path = ("POST", "/BatchWriteRecord") if is_batch else ("PUT", "/FeatureGroup/people")
    request = HttpRequest(method, path, "", HEADERS, text)

    plain = plane.plain_records.parameters(request)

    if plain is not None:
        name, parameters = plain
        found = MODELS.match(method, path)
        assert found is not None
        route, labels = found
        assert (route.operation.name, parse_rest(route.operation, request, labels)) == (name, parameters)
        validate(route.operation, parameters)


def test_ordinary_records_are_read_in_short(plane: FeaturePlane) -> None:
    record = values(id="b", age="41", at=AT)
    entries = [{"FeatureGroupName": "people", "Record": record}]

    for method, path, body in (
        ("PUT", "/FeatureGroup/people", {"Record": record}),
        ("POST", "/BatchWriteRecord", {"Entries": entries}),
    ):
        request = HttpRequest(method, path, "", HEADERS, json.dumps(body).encode())
        assert plane.plain_records.parameters(request) is not None
        short, long = both(plane, request)
        assert told(short) == told(long)
        assert short.status == 200


def test_what_fails_at_once_is_left_to_the_ordinary_way(plane: FeaturePlane) -> None:
    def broken(*_: object) -> bytes:
        raise OSError("the disk is gone")

    def broken_too(*_: object) -> Future[bool]:
        raise OSError("the disk is gone")

    dispatcher = Dispatcher(MODELS, plane.operations, PlainRecords(MODELS, broken, broken_too))

    assert dispatcher.answer_at_once(PLAIN) is None
    assert dispatcher.answer_at_once(put("people", values(id="b", at=AT))) is None


def put(group: str, record: Any) -> HttpRequest:
    return HttpRequest("PUT", f"/FeatureGroup/{group}", "", HEADERS, json.dumps({"Record": record}).encode())


def test_a_plain_record_is_put_without_a_thread_and_is_there_once_it_is_answered(plane: FeaturePlane) -> None:
    record = values(id="b", at=AT, age="41")

    answer = plane.plain.answer_at_once(put("people", record))

    assert isinstance(answer, SoonAnswer)
    assert answer.is_done.result(30)
    runtime = plane.client("sagemaker-featurestore-runtime")
    found = runtime.get_record(FeatureGroupName="people", RecordIdentifierValueAsString="b")
    assert found["Record"] == record
    assert any('"41"' in line for line in plane.lines())


ORDINARY = put("people", values(id="b", at=AT))
LARGE = replace(ORDINARY, body=ORDINARY.body + b" " * LARGEST_AT_ONCE)


@pytest.mark.parametrize(
    "request_",
    [
        put("people", values(id="b", at=AT, age="many")),
        put("people", values(id="b")),
        put("people", values(id="b", at=AT, height="1")),
        put("nobody", values(id="b", at=AT)),
        LARGE,
        put("people", values(id="ü", at=AT)),
    ],
)
def test_a_record_that_is_refused_or_large_is_left_to_the_ordinary_way(
    plane: FeaturePlane, request_: HttpRequest
) -> None:
    assert plane.plain.answer_at_once(request_) is None


def test_a_record_is_put_by_the_features_that_its_group_has_now(plane: FeaturePlane) -> None:
    record = values(id="b", at=AT, city="Wien")
    addition = {"FeatureName": "city", "FeatureType": "String"}
    plane.client().update_feature_group(FeatureGroupName="people", FeatureAdditions=[addition])

    assert plane.plain.answer_at_once(put("people", record)) is None
    assert plane.plain.answer(put("people", record)).status == 200
    assert at_once(plane, put("people", record)) is not None
