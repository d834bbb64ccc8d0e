"""Which encoding a request's rows have, and what happens when another version begins to serve."""

import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import COLUMNS, ENCODER, LOOKUP, METADATA, RECORD
from tests.upstream import PACKAGE, Reply, Request, Upstream, json_reply, one_label_a_row

Api = Callable[..., TestClient]
PATH = "/v1/people/predictions"
INVOKE = "/endpoints/people-endpoint/invocations"
NEXT = PACKAGE.replace("/7", "/8")
# What serves is asked with each request ...
AT_ONCE = {"API_MODEL_SECONDS": "0.000001", "API_RATE_PER_SECOND": "100000", "API_RATE_BURST": "100000"}
# ... and once.
NEVER = AT_ONCE | {"API_MODEL_SECONDS": "3600"}


def ask(client: TestClient, *records: Any, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(PATH, json={"records": list(records)}, headers=given)


def encoder(mean: float, scale: float) -> bytes:
    """Another encoder of the same columns, as a file."""
    numeric = [{"name": "age", "mean": mean, "scale": scale}, {"name": "rate", "mean": 0.0, "scale": 1.0}]
    return json.dumps(ENCODER | {"numeric": numeric}).encode()


class Model:
    """Predicts age / 1000 + `constant`, which it reads from its own encoder's rows or from raw ones."""

    def __init__(self, mean: float, scale: float, constant: float) -> None:
        self.mean, self.scale, self.constant = mean, scale, constant
        self.file = encoder(mean, scale)
        self.sha256 = hashlib.sha256(self.file).hexdigest()

    def probability(self, age: int) -> float:
        return age / 1000 + self.constant

    def answer(self, request: Request) -> Reply:
        named = request.headers.get("x-amzn-sagemaker-custom-attributes")
        if named is not None and named != f"encoder={self.sha256}":
            words = json.dumps({"error": "another encoder"})
            return json_reply({"OriginalStatusCode": 412, "OriginalMessage": words}, 424)
        [*header, row] = request.body.decode().splitlines()
        number = float(row.split(",")[0])
        age = number if header else number * self.scale + self.mean
        text = f"yes,{age / 1000 + self.constant:.6f}\n"
        return 200, text.encode(), {"x-Amzn-Invoked-Production-Variant": "AllTraffic"}


FIRST, SECOND = Model(40.5, 10.25, 0.0), Model(60.0, 2.5, 0.5)


def serving(upstream: Upstream) -> None:
    """Both versions are registered; nobody serves yet."""
    upstream.records = COLUMNS
    upstream.files = {"/bucket/7/encoder.json": FIRST.file, "/bucket/8/encoder.json": SECOND.file}
    upstream.metadata[NEXT] = METADATA | {"encoder-uri": "s3://bucket/8/encoder.json"}


def test_encoded_rows_name_their_encoder_and_raw_ones_none(api: Api, upstream: Upstream) -> None:
    upstream.records = {"student,": COLUMNS["student,"]}
    client = api({"lookup": LOOKUP})

    answers = [ask(client, RECORD), ask(client, RECORD | {"city": "Bonn"})]

    assert [answer.json()["features"] for answer in answers] == ["looked up", "raw"]
    named = [each.headers.get("x-amzn-sagemaker-custom-attributes") for each in upstream.to(INVOKE)]
    digest = hashlib.sha256(upstream.files["/bucket/7/encoder.json"]).hexdigest()
    assert named == [f"encoder={digest}", None]


def test_what_a_version_says_is_read_once(api: Api, upstream: Upstream) -> None:
    upstream.records = COLUMNS
    client = api({"lookup": LOOKUP}, **AT_ONCE)

    for _ in range(5):
        assert ask(client, RECORD).json()["features"] == "looked up"

    assert len(upstream.to("/bucket/7/encoder.json")) == 1
    targets = [each.headers.get("x-amz-target") for each in upstream.asked]
    assert targets.count("SageMaker.DescribeModelPackage") == 1
    assert targets.count("SageMaker.DescribeEndpoint") == 5


def test_a_project_without_look_up_asks_for_no_encoding(client: TestClient, upstream: Upstream) -> None:
    ask(client, RECORD)

    targets = [each.headers.get("x-amz-target") for each in upstream.asked]
    assert "SageMaker.DescribeEndpoint" in targets
    assert "SageMaker.DescribeModelPackage" not in targets


@pytest.mark.parametrize(
    ("metadata", "file", "reason"),
    [
        ({}, b"", "names no feature group"),
        ({"encoder-uri": METADATA["encoder-uri"]}, b"", "names no feature group"),
        (METADATA | {"feature-group-name": "a b"}, b"", "names no feature group"),
        (METADATA | {"encoder-uri": "https://bucket/7"}, b"", "names no object as encoder-uri"),
        (METADATA, None, "S3 answers 404 for its encoder s3://bucket/7/encoder.json"),
        (METADATA, b"{", "is no encoder.json"),
        (METADATA, json.dumps(ENCODER | {"version": 2}).encode(), "is no encoder.json of version 1"),
        (METADATA, json.dumps(ENCODER | {"numeric": []}).encode(), "scales other numbers"),
        (METADATA, json.dumps(ENCODER | {"encoded_names": ["age"]}).encode(), "other encoded_names"),
        (METADATA, encoder(0.0, 0.0), "is no encoder.json"),
    ],
)  # fmt: skip
def test_a_version_whose_encoding_is_not_known_gets_raw_rows_and_that_is_told_once(
    api: Api,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
    metadata: dict[str, str],
    file: bytes | None,
    reason: str,
) -> None:
    upstream.records = COLUMNS
    upstream.metadata = {PACKAGE: metadata}
    upstream.files = {} if file is None else {"/bucket/7/encoder.json": file}
    client = api({"lookup": LOOKUP | {"unknown_key": "refuse"}}, **AT_ONCE)

    answers = [ask(client, RECORD) for _ in range(3)]

    assert [(answer.status_code, answer.json()["features"]) for answer in answers] == [(200, "raw")] * 3
    assert {each.body for each in upstream.to(INVOKE)} == {b"age,job,rate,city\n51,student,0.25,\n"}
    said = [each.getMessage() for each in caplog.records if "encoding.unknown" in each.getMessage()]
    assert len(said) == 1
    assert PACKAGE in said[0]
    assert reason in said[0]
    assert 'api_lookups_total{project="people",result="no encoding"} 3.0' in client.get("/metrics").text


def test_an_encoder_that_comes_back_is_used_again(api: Api, upstream: Upstream) -> None:
    upstream.records = COLUMNS
    file = upstream.files.pop("/bucket/7/encoder.json")
    client = api({"lookup": LOOKUP}, **AT_ONCE)
    without = ask(client, RECORD).json()["features"]
    upstream.files["/bucket/7/encoder.json"] = file

    assert without == "raw"
    assert ask(client, RECORD).json()["features"] == "looked up"


@pytest.mark.parametrize("status", ["Updating", "RollingBack", "SystemUpdating"])
def test_while_an_endpoint_changes_raw_rows_go_out(api: Api, upstream: Upstream, status: str) -> None:
    upstream.records = COLUMNS
    assert upstream.endpoint is not None
    upstream.endpoint["EndpointStatus"] = status

    assert ask(api({"lookup": LOOKUP}), RECORD).json()["features"] == "raw"


def test_an_endpoint_that_nobody_can_describe_gets_raw_rows(api: Api, upstream: Upstream) -> None:
    upstream.records = COLUMNS
    upstream.endpoint = None

    assert ask(api({"lookup": LOOKUP}), RECORD).json()["features"] == "raw"


def two_variants(upstream: Upstream) -> None:
    """a serves the first version, b the second."""
    serving(upstream)
    upstream.packages = {"a": PACKAGE, "b": NEXT}
    upstream.endpoint = {
        "EndpointStatus": "InService",
        "EndpointConfigName": "config",
        "ProductionVariants": [
            {"VariantName": "a", "CurrentWeight": 1.0},
            {"VariantName": "b", "CurrentWeight": 1.0},
        ],
    }

    def invoke(request: Request) -> Reply:
        variant = request.headers.get("x-amzn-sagemaker-target-variant", "b")
        status, body, _ = (FIRST if variant == "a" else SECOND).answer(request)
        return status, body, {"x-Amzn-Invoked-Production-Variant": variant}

    upstream.invoke = invoke


def test_variants_of_two_encoders_get_their_own_rows_where_it_is_certain_which_answers(
    api: Api, upstream: Upstream
) -> None:
    two_variants(upstream)
    client = api({"lookup": LOOKUP}, **NEVER)

    by_name = [ask(client, RECORD, X_Target_Variant=name).json() for name in ("a", "b")]
    by_entity = [ask(client, RECORD, X_Entity_Id=f"client-{number}").json() for number in range(8)]
    by_chance = ask(client, RECORD).json()

    models = {"a": FIRST, "b": SECOND}
    for answer in [*by_name, *by_entity, by_chance]:
        model = models[answer["model"]["variant"]]
        assert answer["predictions"][0]["probability"] == pytest.approx(model.probability(51), abs=1e-6)
    assert {each["features"] for each in by_name + by_entity} == {"looked up"}
    assert {each["model"]["variant"] for each in by_entity} == {"a", "b"}
    assert by_chance["features"] == "raw"
    # None was sent in vain.
    assert len(upstream.to(INVOKE)) == 2 + 8 + 1


def test_variants_of_one_encoder_need_no_choice(api: Api, upstream: Upstream) -> None:
    two_variants(upstream)
    upstream.files["/bucket/8/encoder.json"] = upstream.files["/bucket/7/encoder.json"]
    upstream.invoke = one_label_a_row

    assert ask(api({"lookup": LOOKUP}), RECORD).json()["features"] == "looked up"


def test_a_variant_that_gets_no_traffic_has_no_say(api: Api, upstream: Upstream) -> None:
    two_variants(upstream)
    assert upstream.endpoint is not None
    upstream.endpoint["ProductionVariants"][0]["CurrentWeight"] = 0.0

    assert ask(api({"lookup": LOOKUP}), RECORD).json()["features"] == "looked up"


def test_rows_of_an_encoder_that_is_not_the_models_go_out_raw_once_and_the_endpoint_is_asked_anew(
    api: Api, upstream: Upstream
) -> None:
    serving(upstream)
    client = api({"lookup": LOOKUP}, **NEVER, API_BREAKER_FAILURES="1")
    upstream.invoke = FIRST.answer
    before = ask(client, RECORD).json()
    upstream.invoke, upstream.package = SECOND.answer, NEXT
    assert upstream.endpoint is not None
    upstream.endpoint["LastModifiedTime"] = 1767225600.5

    at_the_switch = ask(client, RECORD, X_Inference_Id="order-77").json()
    after = ask(client, RECORD).json()

    assert [each["features"] for each in (before, at_the_switch, after)] == ["looked up", "raw", "looked up"]
    assert [each["model"]["model_package_version"] for each in (before, at_the_switch, after)] == [7, 8, 8]
    assert [each["predictions"][0]["probability"] for each in (before, at_the_switch, after)] == [
        pytest.approx(model.probability(51), abs=1e-6) for model in (FIRST, SECOND, SECOND)
    ]
    ids = [each.headers["x-amzn-sagemaker-inference-id"] for each in upstream.to(INVOKE)]
    # The rows that nobody predicted, and the raw ones in their place.
    assert ids[1:3] == ["order-77", "order-77"]
    assert len(ids) == 4


def test_a_model_that_refuses_the_raw_rows_too_is_not_asked_a_third_time(
    api: Api, upstream: Upstream
) -> None:
    upstream.records = COLUMNS
    upstream.invoke = lambda _: json_reply({"OriginalStatusCode": 412, "OriginalMessage": "no"}, 424)

    answer = ask(api({"lookup": LOOKUP}), RECORD)

    assert answer.status_code == 422
    assert len(upstream.to(INVOKE)) == 2


@pytest.mark.parametrize("seconds", ["0.000001", "0.05", "3600"])
def test_every_answer_is_the_answering_models_own_while_versions_change_under_load(
    api: Api, upstream: Upstream, seconds: str
) -> None:
    serving(upstream)
    assert upstream.endpoint is not None
    answered: dict[str, Model] = {}
    lock = threading.Lock()
    count = 0

    def invoke(request: Request) -> Reply:
        nonlocal count
        with lock:
            count += 1
            # Every 25 requests the other version serves, of which the control plane tells 10 requests later.
            model = (FIRST, SECOND)[count // 25 % 2]
            told = (PACKAGE, NEXT)[(count - 10) // 25 % 2]
            if told != upstream.package and upstream.endpoint is not None:
                upstream.package = told
                upstream.endpoint["LastModifiedTime"] = 1767225600.0 + count
            answered[request.headers["x-amzn-sagemaker-inference-id"]] = model
        return model.answer(request)

    upstream.invoke = invoke
    client = api({"lookup": LOOKUP}, **AT_ONCE | {"API_MODEL_SECONDS": seconds})

    def one(number: int) -> tuple[int, Any]:
        age = 18 + number % 80
        return age, ask(client, RECORD | {"age": age}, X_Inference_Id=f"order-{number}")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one, range(400)))

    assert {answer.status_code for _, answer in answers} == {200}
    for age, answer in answers:
        document = answer.json()
        model = answered[document["inference_id"]]
        assert document["predictions"][0]["probability"] == pytest.approx(model.probability(age), abs=1e-5)
    assert {model.constant for model in answered.values()} == {0.0, 0.5}
    assert {answer.json()["features"] for _, answer in answers} == {"looked up", "raw"}
