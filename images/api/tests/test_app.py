import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.conftest import KEY, RECORD, SECRET
from tests.upstream import PACKAGE, Upstream

Api = Callable[..., TestClient]
PATH = "/v1/people/predictions"
TRUTH = "/v1/people/ground-truth"


def labels(*pairs: tuple[str, str]) -> dict[str, object]:
    return {"labels": [{"inference_id": name, "label": label} for name, label in pairs]}


@pytest.mark.parametrize("key", ["", "slw_wrong", SECRET + "x", "ü"])
def test_without_a_known_key_nothing_is_answered(client: TestClient, upstream: Upstream, key: str) -> None:
    answer = client.get("/v1/people/model", headers={"X-Api-Key": key.encode("utf-8")})

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "ApiKey"
    assert upstream.asked == []


def test_a_key_comes_before_the_question_whether_there_is_such_a_project(client: TestClient) -> None:
    statuses = [
        client.post("/v1/nobody/predictions", json={}, headers=headers).status_code
        for headers in ({"X-Api-Key": "no"}, {})
    ]

    assert statuses == [401, 404]


def test_a_client_that_asks_too_often_is_told_when_to_come_back(api: Api) -> None:
    client = api(API_RATE_PER_SECOND="0.01", API_RATE_BURST="2")

    answers = [client.get("/v1/people/model") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 101


@pytest.mark.parametrize(
    ("content", "headers", "status", "detail"),
    [
        (b"{", {}, 400, "not JSON"),
        (b"[]", {}, 400, "must be a JSON object"),
        (b'{"records": [NaN]}', {}, 400, "NaN is not a JSON number"),
        (b'{"records": 1, "records": 2}', {}, 400, "twice"),
        (b'{"records": [], "more": 1}', {}, 400, "unknown key 'more'"),
        ('{"records": []}'.encode("utf-16"), {}, 400, "not JSON"),
        (b"[" * 100_000, {}, 400, "not JSON"),
        (b'{"records": [' + b"9" * 5000 + b"]}", {}, 400, "not JSON"),
        (b"{}", {"Content-Type": "text/csv"}, 415, "application/json"),
        (b'{"a": "' + b"x" * 300_000 + b'"}', {}, 413, "larger than 200000"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    api: Api, content: bytes, headers: dict[str, str], status: int, detail: str
) -> None:
    client = api(API_MAX_BODY_BYTES="200000")

    answer = client.post(PATH, content=content, headers={"Content-Type": "application/json"} | headers)

    assert (answer.status_code, detail in answer.json()["detail"]) == (status, True), answer.json()


def test_a_body_of_unknown_length_has_the_same_limit(api: Api) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"a": "'
        yield from [b"x" * 1000] * 300

    answer = api(API_MAX_BODY_BYTES="200000").post(
        PATH, content=parts(), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413


def test_text_that_utf_8_cannot_write_is_refused_like_any_other(client: TestClient) -> None:
    content = b'{"records": [{"age": 51, "job": "\\ud800", "rate": 1, "city": null, "\\udfff": 1}]}'

    answer = client.post(PATH, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["job", "'\\udfff'"]


def test_the_request_id_is_the_callers_or_a_new_one(client: TestClient) -> None:
    own = client.get("/v1/people/model", headers={"X-Request-Id": "trace-1"}).headers["x-request-id"]
    new = client.get("/v1/people/model", headers={"X-Request-Id": "no\tid"}).headers["x-request-id"]

    assert own == "trace-1"
    assert len(new) == 32


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", PATH, 405)])
def test_other_paths_and_methods_are_problems_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_model_is_told_with_every_variant(client: TestClient) -> None:
    assert client.get("/v1/people/model").json() == {
        "project": "people",
        "endpoint_name": "people-endpoint",
        "endpoint_status": "InService",
        "variants": [
            {
                "name": "AllTraffic",
                "weight": 1.0,
                "model_package_version": 7,
                "model_package_arn": PACKAGE,
            }
        ],
    }


def test_a_model_that_nobody_can_tell_is_null_and_predictions_go_on(
    client: TestClient, upstream: Upstream
) -> None:
    upstream.endpoint = None

    model = client.get("/v1/people/model").json()
    answer = client.post(PATH, json={"records": [RECORD]})

    assert (model["endpoint_status"], model["variants"]) == (None, [])
    assert answer.status_code == 200
    assert answer.json()["model"]["variant"] == "AllTraffic"
    assert answer.json()["model"]["model_package_arn"] is None


def test_what_is_known_of_the_model_is_asked_again_when_it_is_old(api: Api, upstream: Upstream) -> None:
    client = api(API_MODEL_SECONDS="0.000001")
    before = client.get("/v1/people/model").json()["endpoint_status"]
    assert upstream.endpoint is not None
    upstream.endpoint["EndpointStatus"] = "Updating"

    after = client.get("/v1/people/model").json()["endpoint_status"]

    assert (before, after) == ("InService", "Updating")


def test_a_version_that_came_under_the_same_names_is_told_once_the_endpoint_was_updated(
    api: Api, upstream: Upstream
) -> None:
    client = api(API_MODEL_SECONDS="0.000001")
    client.get("/v1/people/model")
    assert upstream.endpoint is not None
    upstream.package = PACKAGE.replace("/7", "/8")
    upstream.endpoint["LastModifiedTime"] = 1767225600.5

    [variant] = client.get("/v1/people/model").json()["variants"]

    assert variant["model_package_version"] == 8


def test_it_is_ready_once_every_endpoint_serves(client: TestClient, upstream: Upstream) -> None:
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_it_is_not_ready_while_an_endpoint_does_not_serve(client: TestClient, upstream: Upstream) -> None:
    assert upstream.endpoint is not None
    upstream.endpoint["EndpointStatus"] = "Creating"

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["endpoints"] == {"people": "Creating"}
    assert client.get("/health/live").status_code == 200


def test_labels_are_kept_in_model_monitors_layout(client: TestClient, upstream: Upstream) -> None:
    before = datetime.now(UTC)
    answer = client.post(TRUTH, json=labels(("order-77", "yes"), ("order-78", "no")))
    hours = {f"{moment:%Y/%m/%d/%H}" for moment in (before, datetime.now(UTC))}

    assert answer.json() == {"accepted": 2, "stored": 2, "repeated": 0}
    stored = {
        key: json.loads(body) for key, body in upstream.objects.items() if key.startswith("/bucket/truth/")
    }
    assert {key.removeprefix("/bucket/truth/").rpartition("/")[0] for key in stored} <= hours
    # Contract of the merge job: one line a label, joined by eventId.
    assert sorted(stored.values(), key=lambda each: each["eventMetadata"]["eventId"]) == [
        {
            "groundTruthData": {"data": label, "encoding": "CSV"},
            "eventMetadata": {"eventId": name},
            "eventVersion": "0",
        }
        for name, label in (("order-77", "yes"), ("order-78", "no"))
    ]


def test_a_label_that_comes_again_is_one_label(client: TestClient, upstream: Upstream) -> None:
    client.post(TRUTH, json=labels(("order-77", "yes")))
    objects = dict(upstream.objects)

    again = client.post(TRUTH, json=labels(("order-77", "yes"), ("order-78", "no")))

    thrice = client.post(TRUTH, json=labels(*[("order-79", "no")] * 3))
    assert thrice.json() == {"accepted": 1, "stored": 1, "repeated": 0}
    assert again.json() == {"accepted": 2, "stored": 1, "repeated": 1}
    assert {key: upstream.objects[key] for key in objects} == objects
    assert len(upstream.objects) == 3 * len(objects)


def test_a_label_whose_line_was_lost_in_a_crash_is_written_where_it_belongs(
    client: TestClient, upstream: Upstream
) -> None:
    client.post(TRUTH, json=labels(("order-77", "yes")))
    [line] = [key for key in upstream.objects if key.startswith("/bucket/truth/")]
    [index] = [key for key in upstream.objects if key.startswith("/bucket/truth-index/")]
    del upstream.objects[line]
    # As if it had been in another hour.
    other = line.removeprefix("/bucket/").replace("/20", "/19", 1)
    upstream.objects[index] = json.dumps({"key": other, "label": "yes"}).encode()

    client.post(TRUTH, json=labels(("order-77", "yes")))

    assert [key for key in upstream.objects if key.startswith("/bucket/truth/")] == [f"/bucket/{other}"]


def test_another_label_under_the_same_inference_id_is_a_conflict(
    client: TestClient, upstream: Upstream
) -> None:
    client.post(TRUTH, json=labels(("order-77", "yes")))
    before = dict(upstream.objects)

    answer = client.post(TRUTH, json=labels(("order-76", "yes"), ("order-77", "no")))

    assert answer.status_code == 409
    assert [(each["row"], each["field"]) for each in answer.json()["errors"]] == [(2, "inference_id")]
    assert {key: upstream.objects[key] for key in before} == before


@pytest.mark.parametrize(
    ("entries", "status", "reason"),
    [
        ([], 400, "1 to 100"),
        ([{"inference_id": "a", "label": "yes"}] * 101, 400, "1 to 100"),
        ([{"inference_id": "a"}], 422, "must be an object"),
        ([{"inference_id": "a b", "label": "yes"}], 422, "no inference id"),
        ([{"inference_id": "a", "label": "maybe"}], 422, "one of yes, no"),
        ([{"inference_id": "a", "label": ["yes"]}], 422, "one of yes, no"),
        (
            [{"inference_id": "a", "label": "yes"}, {"inference_id": "a", "label": "no"}],
            409,
            "another label in an earlier row",
        ),
    ],
)
def test_labels_that_make_no_sense_are_refused_whole(
    client: TestClient, upstream: Upstream, entries: list[object], status: int, reason: str
) -> None:
    answer = client.post(TRUTH, json={"labels": entries})

    assert (answer.status_code, reason in answer.json()["detail"]) == (status, True), answer.json()
    assert upstream.objects == {}


def test_a_project_without_a_place_for_labels_takes_none(api: Api) -> None:
    answer = api({"ground_truth_uri": None}).post(TRUTH, json=labels(("order-77", "yes")))

    assert answer.status_code == 404
    assert "ground_truth_uri" in answer.json()["detail"]


def test_other_sites_may_ask_only_where_they_are_named(api: Api) -> None:
    preflight = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}

    closed = api().options(PATH, headers=preflight)
    opened = api(API_CORS_ORIGINS="https://shop.example").options(PATH, headers=preflight)

    assert "access-control-allow-origin" not in closed.headers
    assert opened.headers["access-control-allow-origin"] == "https://shop.example"


def test_metrics_count_requests_by_route_and_records_by_project(client: TestClient) -> None:
    client.post(PATH, json={"records": [RECORD] * 3})
    client.post("/v1/a-callers-word/predictions", json={})

    text = client.get("/metrics").text

    assert 'api_requests_total{method="POST",route="/v1/{project}/predictions",status="200"} 1.0' in text
    assert 'api_records_total{project="people"} 3.0' in text
    assert 'api_upstream_seconds_count{call="InvokeEndpoint",status="200"} 1.0' in text
    assert "a-callers-word" not in text


def test_the_examples_of_the_document_are_answered(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    answers = {
        path: client.post(
            path, json=operations["post"]["requestBody"]["content"]["application/json"]["example"]
        ).status_code
        for path, operations in paths.items()
        if "post" in operations
    }

    assert answers == {PATH: 200, TRUTH: 200}


def test_a_fault_of_the_apis_own_is_a_problem_with_its_request_id(
    api: Api, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    client = api()
    assert upstream.endpoint is not None
    del upstream.endpoint["EndpointStatus"]  # an answer that AWS never gives

    answer = client.get("/v1/people/model")

    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert f"request.failed id={answer.json()['request_id']}" in caplog.text


def test_keys_of_a_file_are_rotated_without_a_restart(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "keys.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"keys": [KEY.model_dump(exclude_none=True)]}))

    client = api(API_KEYS="", API_KEYS_FILE=str(file))

    assert client.get("/v1/people/model").status_code == 200
