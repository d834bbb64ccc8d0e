import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from api.tabular.schema import is_unreadable
from starlette.testclient import TestClient

from tests.conftest import COLUMNS, LOOKUP, RECORD, SECRET
from tests.upstream import PACKAGE, Reply, Request, Upstream, json_reply, one_label_a_row

Api = Callable[..., TestClient]
PATH = "/v1/people/predictions"
INVOKE = "/endpoints/people-endpoint/invocations"


def ask(client: TestClient, *records: Any, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(PATH, json={"records": list(records)}, headers=given)


def test_the_answer_says_label_probability_and_who_gave_it(client: TestClient, upstream: Upstream) -> None:
    answer = ask(client, RECORD, RECORD | {"age": 20}, X_Inference_Id="order-77")

    assert answer.status_code == 200
    assert answer.json() == {
        "inference_id": "order-77",
        "predictions": [{"label": "yes", "probability": 0.75}] * 2,
        "features": "raw",
        "model": {
            "endpoint_status": "InService",
            "variant": "AllTraffic",
            "model_package_version": 7,
            "model_package_arn": PACKAGE,
        },
    }
    [sent] = upstream.to(INVOKE)
    assert sent.headers["x-amzn-sagemaker-inference-id"] == "order-77"
    assert sent.headers["content-type"] == "text/csv"
    assert sent.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=id/")
    assert "/us-east-1/sagemaker/aws4_request" in sent.headers["authorization"]


def test_raw_rows_go_out_under_a_header_in_the_schemas_order(client: TestClient, upstream: Upstream) -> None:
    ask(client, dict(reversed(RECORD.items())), RECORD | {"age": 20.0, "rate": None, "city": "Bonn"})

    assert upstream.to(INVOKE)[0].body.decode() == (
        "age,job,rate,city\n51,student,0.25,\n20.0,student,,Bonn\n"
    )


def test_encoded_rows_are_scaled_numbers_and_looked_up_columns(api: Api, upstream: Upstream) -> None:
    upstream.records = COLUMNS

    answer = ask(api({"lookup": LOOKUP}), RECORD, {"age": 40, "job": "admin.", "rate": None, "city": "Bonn"})

    assert answer.json()["features"] == "looked up"
    # (51 - 40.5) / 10.25 and (40 - 40.5) / 10.25 as the shortest float32.
    assert upstream.to(INVOKE)[0].body.decode() == "1.0243902,0.25,0,1,0\n-0.048780486,,1,0,1\n"
    asked = json.loads(upstream.to("/BatchGetRecord")[0].body)["Identifiers"]
    assert asked == [
        {
            "FeatureGroupName": "people-1",
            "RecordIdentifiersValueAsString": ["student,", "admin.,Bonn"],
        }
    ]


def test_each_key_is_looked_up_once_and_no_more_than_a_hundred_a_call(api: Api, upstream: Upstream) -> None:
    categories = [{"value": f"c{n}", "encoded_name": f"job_c{n}"} for n in range(250)]
    features = [{"name": "job", "type": "String", "categories": categories}]
    schema = {
        "version": 1,
        "target": {"name": "y", "positive": "yes", "negative": "no"},
        "features": features,
    }
    names = [each["encoded_name"] for each in categories]
    upstream.records = {f"c{n}": dict.fromkeys(names, "0") for n in range(250)}
    encoder = {"version": 1, "numeric": [], "encoded_names": names}
    upstream.files = {"/bucket/7/encoder.json": json.dumps(encoder).encode()}

    answer = ask(api({"schema": schema, "lookup": LOOKUP}), *({"job": f"c{n % 250}"} for n in range(1000)))

    assert len(answer.json()["predictions"]) == 1000
    calls = [json.loads(each.body)["Identifiers"][0] for each in upstream.to("/BatchGetRecord")]
    keys = [key for call in calls for key in call["RecordIdentifiersValueAsString"]]
    assert sorted(len(call["RecordIdentifiersValueAsString"]) for call in calls) == [50, 100, 100]
    assert len(keys) == len(set(keys)) == 250


def test_an_unknown_key_falls_back_to_raw_rows_where_the_project_says_so(
    api: Api, upstream: Upstream
) -> None:
    upstream.records = {"student,": COLUMNS["student,"]}

    answer = ask(api({"lookup": LOOKUP}), RECORD, RECORD | {"city": "Bonn"})

    assert (answer.status_code, answer.json()["features"]) == (200, "raw")
    assert upstream.to(INVOKE)[0].body.startswith(b"age,job,rate,city\n")


def test_an_unknown_key_is_refused_where_the_project_says_so(api: Api, upstream: Upstream) -> None:
    upstream.records = {"student,": COLUMNS["student,"]}

    answer = ask(api({"lookup": LOOKUP | {"unknown_key": "refuse"}}), RECORD, RECORD | {"city": "Bonn"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"row": 2, "field": None, "reason": "has no features under the key 'student,Bonn'"}
    ]
    assert upstream.to(INVOKE) == []


def test_a_look_up_is_tried_again_and_then_the_caller_is_told_when_to_come_back(
    api: Api, upstream: Upstream
) -> None:
    upstream.batch_get = lambda _: json_reply({}, 503)

    answer = ask(api({"lookup": LOOKUP}), RECORD)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(upstream.to("/BatchGetRecord")) == 3


@pytest.mark.parametrize(
    "reply",
    [
        json_reply(
            {"Records": [], "Errors": [{"ErrorCode": "ResourceNotFound"}], "UnprocessedIdentifiers": []}
        ),
        json_reply({"__type": "ValidationError"}, 400),
    ],
)
def test_a_look_up_that_is_refused_is_no_unknown_key(api: Api, upstream: Upstream, reply: Reply) -> None:
    upstream.batch_get = lambda _: reply

    assert ask(api({"lookup": LOOKUP}), RECORD).status_code == 502
    assert upstream.to(INVOKE) == []


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        (RECORD | {"age": 17}, "age", "is 17, below the minimum 18"),
        (RECORD | {"age": 121}, "age", "is 121, above the maximum 120"),
        (RECORD | {"age": 58.5}, "age", "is 58.5; it needs a whole number"),
        (RECORD | {"age": "58"}, "age", "is '58'; it needs a whole number, without quotes"),
        (RECORD | {"age": True}, "age", "is True; it needs a whole number, without quotes"),
        (RECORD | {"age": None}, "age", "is empty; it needs a whole number"),
        (RECORD | {"rate": 10**400}, "rate", "is too large a number"),
        (RECORD | {"rate": 3.5e38}, "rate", "is too large a number"),
        (RECORD | {"rate": -3.5e38}, "rate", "is too large a number"),
        (RECORD | {"job": "pilot"}, "job", "is 'pilot'; it needs one of admin., student"),
        (RECORD | {"job": None}, "job", "is empty; it needs one of admin., student"),
        ({"age": 51, "rate": 1, "city": None}, "job", "is missing"),
        (RECORD | {"y": "yes"}, "y", "is the target, which the model predicts; leave it out"),
        (RECORD | {"shoe": 44}, "'shoe'", "is no feature of this project"),
        ([1], None, "is [1]; it needs an object of the features"),
    ],
)
def test_a_bad_record_is_told_by_row_and_field(
    client: TestClient, upstream: Upstream, record: object, field: str | None, reason: str
) -> None:
    answer = ask(client, RECORD, record)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"row": 2, "field": field, "reason": reason}]
    assert upstream.to(INVOKE) == []


@pytest.mark.parametrize("count", [0, 1001])
def test_there_are_one_to_a_thousand_records(client: TestClient, count: int) -> None:
    answer = ask(client, *[RECORD] * count)

    assert answer.status_code == 400
    assert "1 to 1000" in answer.json()["detail"]


def fails_with(status: int, code: str = "", **document: object) -> Callable[[Request], Reply]:
    return lambda _: json_reply(document, status, **({"x-amzn-errortype": code} if code else {}))


@pytest.mark.parametrize(
    ("reply", "status", "detail"),
    [
        (
            fails_with(424, "ModelError", OriginalStatusCode=400, OriginalMessage='{"error": "Row 1: no"}'),
            422,
            "the model refused the records: Row 1: no",
        ),
        # A lone surrogate, which UTF-8 cannot write.
        (
            fails_with(424, "ModelError", OriginalStatusCode=400, OriginalMessage=r'{"error": "job \ud800"}'),
            422,
            "the model refused the records: job ",
        ),
        (fails_with(424, "ModelError", OriginalStatusCode=500, OriginalMessage="x"), 502, "failed"),
        (fails_with(429, "ThrottlingException"), 503, "takes no more now"),
        (fails_with(503, "ServiceUnavailable"), 503, "takes no more now"),
        (
            fails_with(400, "ValidationError", message="Endpoint people-endpoint of account 0 not found."),
            503,
            "not in service",
        ),
        (fails_with(500, "InternalFailure"), 502, "500 InternalFailure"),
        (lambda _: (200, b"what?\n", {}), 502, "label and probability"),
        (lambda _: (200, b"maybe,0.5\n", {}), 502, "label and probability"),
        (lambda _: (200, b"yes,nan\n", {}), 502, "label and probability"),
        (lambda _: (200, b"yes,0.5\nyes,0.5\n", {}), 502, "label and probability"),
        (lambda _: (0, b"", {}), 502, "broke off"),
    ],
)
def test_a_failure_behind_the_api_has_its_own_status_and_is_not_tried_again(
    client: TestClient, upstream: Upstream, reply: Callable[[Request], Reply], status: int, detail: str
) -> None:
    upstream.invoke = reply

    answer = ask(client, RECORD)

    assert (answer.status_code, detail in answer.json()["detail"]) == (status, True), answer.json()
    assert ("retry-after" in answer.headers) == (status == 503)
    # It may have been answered and captured already.
    assert len(upstream.to(INVOKE)) == 1


def test_an_endpoint_that_is_too_slow_is_a_504(api: Api, upstream: Upstream) -> None:
    goes_on = threading.Event()

    def waits(request: Request) -> Reply:
        goes_on.wait(30)
        return one_label_a_row(request)

    upstream.invoke = waits

    answer = ask(api(API_INVOKE_SECONDS="0.1"), RECORD)
    goes_on.set()

    assert answer.status_code == 504


def test_an_endpoint_that_keeps_failing_is_left_alone(api: Api, upstream: Upstream) -> None:
    client = api(API_BREAKER_FAILURES="2", API_BREAKER_SECONDS="600")
    upstream.invoke = fails_with(500)
    statuses = [ask(client, RECORD).status_code for _ in range(2)]

    answer = ask(client, RECORD)

    assert statuses == [502, 502]
    assert answer.status_code == 503
    assert 590 < int(answer.headers["retry-after"]) <= 600
    assert len(upstream.to(INVOKE)) == 2


def test_rows_that_the_model_refuses_do_not_open_the_circuit(api: Api, upstream: Upstream) -> None:
    client = api(API_BREAKER_FAILURES="1")
    upstream.invoke = fails_with(424, "ModelError", OriginalStatusCode=400, OriginalMessage="no")
    ask(client, RECORD)
    upstream.invoke = one_label_a_row

    assert ask(client, RECORD).status_code == 200


def two_variants() -> dict[str, Any]:
    return {
        "EndpointStatus": "InService",
        "EndpointConfigName": "config",
        "ProductionVariants": [
            {"VariantName": "a", "CurrentWeight": 3.0},
            {"VariantName": "b", "CurrentWeight": 1.0},
        ],
    }


def test_the_variant_is_the_callers_choice(client: TestClient, upstream: Upstream) -> None:
    upstream.endpoint = two_variants()

    chosen = ask(client, RECORD, X_Target_Variant="b")
    unknown = ask(client, RECORD, X_Target_Variant="c")

    assert chosen.status_code == 200
    assert unknown.status_code == 404
    assert "there are: a, b" in unknown.json()["detail"]
    assert [each.headers["x-amzn-sagemaker-target-variant"] for each in upstream.to(INVOKE)] == ["b"]


def test_an_entity_stays_with_its_variant_and_weights_share_them_out(api: Api, upstream: Upstream) -> None:
    client = api(API_RATE_BURST="1000")
    upstream.endpoint = two_variants()

    for entity in [*range(200), *range(200)]:
        ask(client, RECORD, X_Entity_Id=f"client-{entity}")

    variants = [each.headers["x-amzn-sagemaker-target-variant"] for each in upstream.to(INVOKE)]
    assert variants[:200] == variants[200:]
    # Three quarters of 200 by hashes of fixed names; five standard deviations each way.
    assert 119 < variants[:200].count("a") < 181


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Inference_Id": "no spaces"},
        {"X_Inference_Id": "x" * 65},
        {"X_Target_Variant": "-"},
        {"X_Entity_Id": "x" * 257},
    ],
)
def test_wishes_that_cannot_be_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert ask(client, RECORD, **headers).status_code == 400


def test_a_variant_that_is_asked_for_goes_before_the_entitys_own(
    client: TestClient, upstream: Upstream
) -> None:
    upstream.endpoint = two_variants()

    for entity in range(8):
        ask(client, RECORD, X_Entity_Id=f"client-{entity}", X_Target_Variant="a")

    assert {each.headers["x-amzn-sagemaker-target-variant"] for each in upstream.to(INVOKE)} == {"a"}


def test_too_many_at_once_are_turned_away_at_once(api: Api, upstream: Upstream) -> None:
    client = api(API_MAX_CONCURRENCY="1")
    ask(client, RECORD)
    inside, goes_on = threading.Event(), threading.Event()

    def waits(request: Request) -> Reply:
        inside.set()
        goes_on.wait(30)
        return one_label_a_row(request)

    upstream.invoke = waits
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, client, RECORD)
        assert inside.wait(30)
        second = ask(client, RECORD)
        live = client.get("/health/live")
        goes_on.set()

    assert (second.status_code, second.headers["retry-after"]) == (429, "1")
    assert live.status_code == 200
    assert first.result().status_code == 200


def test_an_answer_within_the_time_limit_or_a_504(api: Api, upstream: Upstream) -> None:
    goes_on = threading.Event()

    def waits(request: Request) -> Reply:
        goes_on.wait(30)
        return one_label_a_row(request)

    upstream.invoke = waits

    answer = ask(api(API_REQUEST_SECONDS="0.2"), RECORD)
    goes_on.set()

    assert answer.status_code == 504
    assert "0.2 s" in answer.json()["detail"]
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_nothing_secret_and_nothing_of_a_record_is_logged(
    client: TestClient, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="api")

    ask(client, RECORD)
    ask(client, RECORD | {"job": "astronaut"})

    said = caplog.text
    assert "request.answered" in said
    assert "client=tests" in said
    assert SECRET not in said
    assert "student" not in said
    assert "astronaut" not in said


def test_text_for_a_number_stands_in_its_cell_and_is_told_where_the_project_takes_it(
    api: Api, upstream: Upstream
) -> None:
    upstream.records = COLUMNS
    client = api({"lookup": LOOKUP, "unreadable_numbers": "missing"})

    answer = ask(client, RECORD | {"age": 'fifty, "or so"'}, RECORD)

    assert answer.status_code == 200
    assert answer.json()["unreadable"] == [
        {"row": 1, "field": "age", "reason": "is 'fifty, \"or so\"', which counts as a missing number"}
    ]
    assert upstream.to(INVOKE)[0].body.decode() == '"fifty, ""or so""",0.25,0,1,0\n1.0243902,0.25,0,1,0\n'
    assert "unreadable" not in ask(client, RECORD).json()


@pytest.mark.parametrize("text", ["51", " 51 ", "1_0", "nan", "inf", "", "  ", "fifty\n", "x" * 257])
def test_text_that_a_model_could_take_for_a_number_or_a_row_is_refused(api: Api, text: str) -> None:
    answer = ask(api({"unreadable_numbers": "missing"}), RECORD | {"age": text})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "age")


def test_half_a_character_is_no_text_for_a_number() -> None:
    # No client of Python's sends it, and JSON can say it.
    assert not is_unreadable("\ud800")


def test_text_for_a_number_is_refused_unless_the_project_takes_it(client: TestClient) -> None:
    answer = ask(client, RECORD | {"age": "fifty"})

    assert answer.status_code == 422
    assert "needs a whole number, without quotes" in answer.json()["detail"]
