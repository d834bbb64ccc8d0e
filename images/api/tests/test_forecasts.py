import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from api.documents import parse_project
from api.errors import SettingsError
from starlette.testclient import TestClient

from tests.forecasting import DATES, DOCUMENT, RECORD, SCHEMA, START, one_forecast_a_series
from tests.upstream import PACKAGE, Reply, Request, Upstream, json_reply

Api = Callable[..., TestClient]
PATH = "/v1/shops/predictions"
INVOKE = "/endpoints/shops-endpoint/invocations"
HISTORY = {"start": "2026-01-27", "target": [3, None, 5]}


@pytest.fixture
def shops(api: Api, upstream: Upstream) -> TestClient:
    upstream.invoke = one_forecast_a_series
    return api(None, DOCUMENT)


def ask(client: TestClient, *records: Any, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(PATH, json={"records": list(records)}, headers=given)


def sent(upstream: Upstream) -> list[dict[str, Any]]:
    return [json.loads(each.body) for each in upstream.to(INVOKE)]


def test_the_answer_has_a_forecast_a_record_by_date_and_who_gave_it(
    shops: TestClient, upstream: Upstream
) -> None:
    answer = ask(shops, RECORD, RECORD | {"good": "411"}, X_Inference_Id="order-77")

    assert answer.status_code == 200, answer.json()
    forecast = {
        "start": START,
        "dates": DATES,
        "mean": [8.0, 8.5, 10.0],
        "median": [8.0, 8.5, 10.0],
        "quantiles": {"0.1": [4.0, 4.5, 6.0], "0.5": [8.0, 8.5, 10.0], "0.9": [12.0, 12.5, 14.0]},
    }
    assert answer.json() == {
        "inference_id": "order-77",
        "predictions": [{"item_id": "16_410"} | forecast, {"item_id": "16_411"} | forecast],
        "model": {
            "endpoint_status": "InService",
            "variant": "AllTraffic",
            "model_package_version": 7,
            "model_package_arn": PACKAGE,
        },
    }
    [request] = upstream.to(INVOKE)
    assert request.headers["x-amzn-sagemaker-inference-id"] == "order-77"
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert json.loads(request.body) == {
        "instances": [
            {"item_id": "16_410", "known": {"price": [12, 11.5, 10]}},
            {"item_id": "16_411", "known": {"price": [12, 11.5, 10]}},
        ],
        "configuration": {
            "output_types": ["mean", "median", "quantiles"],
            "quantiles": ["0.1", "0.5", "0.9"],
            "prediction_length": 3,
            "seed": 0,
        },
    }


def test_what_if_changes_the_price_and_nothing_else(shops: TestClient, upstream: Upstream) -> None:
    for price in (10, 8):
        ask(shops, RECORD | {"known": {"price": [price] * 3}})

    one, other = sent(upstream)
    assert one["configuration"] == other["configuration"]
    assert json.dumps(one).replace("10, 10, 10", "8, 8, 8") == json.dumps(other)


def test_a_shorter_horizon_is_asked_for_with_as_many_values(shops: TestClient, upstream: Upstream) -> None:
    answer = ask(shops, RECORD | {"prediction_length": 2, "known": {"price": [12, 10]}})

    assert answer.json()["predictions"][0]["dates"] == DATES[:2]
    assert sent(upstream)[0]["configuration"]["prediction_length"] == 2


def test_values_by_their_dates_are_the_models_to_place(shops: TestClient, upstream: Upstream) -> None:
    prices = dict(zip(DATES, [12, 11.5, 10], strict=True))

    answer = ask(shops, RECORD | {"known": {"price": prices}})

    assert answer.json()["predictions"][0]["mean"] == [8.0, 8.5, 10.0]
    assert sent(upstream)[0]["instances"][0]["known"] == {"price": prices}


def test_a_new_series_brings_its_history(shops: TestClient, upstream: Upstream) -> None:
    record = RECORD | {"shop": "99", "static": {"group": "tea", "amenity_count": 14}}

    answer = ask(shops, record | {"history": HISTORY | {"known": {"price": [9, 9, 9.5]}}})

    assert answer.status_code == 200, answer.json()
    assert sent(upstream)[0]["instances"] == [
        {
            "item_id": "99_410",
            "start": "2026-01-27",
            "target": [3, None, 5],
            "static": {"shop": "99", "good": "410", "group": "tea", "amenity_count": 14},
            "known": {
                "price": {
                    "2026-01-27": 9,
                    "2026-01-28": 9,
                    "2026-01-29": 9.5,
                    "2026-01-30": 12,
                    "2026-01-31": 11.5,
                    "2026-02-01": 10,
                }
            },
        }
    ]


def test_a_series_that_the_model_does_not_know_is_refused_in_its_words(shops: TestClient) -> None:
    answer = ask(shops, RECORD, RECORD | {"shop": "99"})

    assert answer.status_code == 422
    reason = 'the model holds no series "99_410", and no history is given'
    assert answer.json()["errors"] == [{"row": 2, "field": None, "reason": reason}]
    assert answer.json()["detail"] == f"the model refused the records: Instance 2: {reason}."


def test_what_the_model_misses_is_told_at_its_field(shops: TestClient, upstream: Upstream) -> None:
    told = {
        "error": "Instance 1: known.price is missing for 2026-01-31; give it for each day.",
        "instance": 1,
    }
    document = {"OriginalStatusCode": 400, "OriginalMessage": json.dumps(told)}
    upstream.invoke = lambda _: json_reply(document, 424, **{"x-amzn-errortype": "ModelError"})

    answer = ask(shops, price(dict.fromkeys([*DATES[:2], "2026-02-09"], 1)))

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"row": 1, "field": "known.price", "reason": "is missing for 2026-01-31; give it for each day"}
    ]


def changed(**changes: Any) -> dict[str, Any]:
    return RECORD | changes


def price(values: object) -> dict[str, Any]:
    return changed(known={"price": values})


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        ([1], None, "is [1]; it needs an object with the series' key"),
        ({"shop": "16", "known": RECORD["known"]}, "good", "is missing"),
        (changed(shop=16), "shop", "is 16; it needs text, in quotes"),
        (changed(shop="a\u0007"), "shop", r"is 'a\x07'; it has characters that cannot be printed"),
        (changed(shop=""), "shop", "has 0 characters; it needs 1 to 256"),
        (changed(prediction_length=4), "prediction_length", "is 4; the model forecasts 1 to 3 days"),
        (changed(prediction_length=0), "prediction_length", "is 0; the model forecasts 1 to 3 days"),
        (
            changed(prediction_length=True),
            "prediction_length",
            "is True; it needs a whole number of days, 1 to 3",
        ),
        ({"shop": "16", "good": "410"}, "known.price", "is missing"),
        (changed(known=[1]), "known", "is [1]; it needs an object of the features that are known ahead"),
        (
            changed(known={"price": [1, 1, 1], "mood": [1, 1, 1]}),
            "known",
            "has 'mood', which is not known; there are: price",
        ),
        (price([1, 1]), "known.price", "has 2 values; it needs 3, one for each day of the horizon"),
        (
            price(1),
            "known.price",
            "is 1; it needs a list of 3 numbers, one a day, or an object of dates",
        ),
        (price([1, -1, 1]), "known.price", "on day 2 is -1, below the minimum 0"),
        (price([1, 1, 0]), "known.price", "on day 3 is 0; it is compared by ratio, so it must be above 0"),
        (price([1, None, "2"]), "known.price", "on day 2 is empty; it needs a number, and 1 more days"),
        (
            price({"2026-01-30": 1, "2026-01-31": 1}),
            "known.price",
            "has 2 dates; it needs one for each of the 3 days of the horizon",
        ),
        (price({"30.1.2026": 1}), "known.price", "has '30.1.2026' where a date belongs, as 2026-01-31"),
        (price({"2026-02-30": 1}), "known.price", "has '2026-02-30' where a date belongs, as 2026-01-31"),
        (price({"2026-01-30": -1}), "known.price", "on 2026-01-30 is -1, below the minimum 0"),
        (
            price(dict.fromkeys(["2026-01-29", *DATES[:2]], 1)) | {"history": HISTORY},
            "known.price",
            "has no value for 2026-02-01",
        ),
        (changed(history=3), "history", "is 3; it needs an object of start and target"),
        (changed(history={"target": [1]}), "history.start", "is None; it needs a date, as 2026-01-31"),
        (
            changed(history={"start": "9999-12-30", "target": [1]}),
            "history.start",
            "is so late that there are no dates after the history",
        ),
        (
            changed(history=HISTORY | {"target": []}),
            "history.target",
            "is []; it needs a list of numbers, one a day, null where a day is missing",
        ),
        (
            changed(history=HISTORY | {"target": [1, 1.5]}),
            "history.target",
            "on day 2 is 1.5; it needs a whole number",
        ),
        (
            changed(history=HISTORY | {"known": {"price": [1]}}),
            "history.known.price",
            "has 1 values; it needs as many as target has, 3",
        ),
        (
            changed(static={"group": "tea"}),
            "static",
            "belongs to a history; of the series that it has, the model knows it",
        ),
        (
            changed(history=HISTORY, static={"shop": "9"}),
            "static",
            "has 'shop', which is not known; there are: group, amenity_count",
        ),
        (
            changed(history=HISTORY, static={"amenity_count": -1}),
            "static.amenity_count",
            "is -1, below the minimum 0",
        ),
        (changed(history=HISTORY, static={"group": 9}), "static.group", "is 9; it needs text, in quotes"),
        (changed(price=9), "price", "is known ahead; it goes into known"),
        (changed(sold=9), "sold", "is a column of the data; what was goes into history"),
        (changed(shoe=9), "'shoe'", "is no part of a record of this project"),
    ],
)
def test_a_bad_record_is_told_by_row_and_field(
    shops: TestClient, upstream: Upstream, record: object, field: str | None, reason: str
) -> None:
    answer = ask(shops, RECORD, record)

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"row": 2, "field": field, "reason": reason}]
    assert upstream.to(INVOKE) == []


def test_one_request_has_one_horizon(shops: TestClient) -> None:
    answer = ask(shops, RECORD, RECORD | {"prediction_length": 1, "known": {"price": [9]}})

    assert [(each["row"], each["field"]) for each in answer.json()["errors"]] == [(2, "prediction_length")]
    assert "is 1, and 3 in the first record" in answer.json()["detail"]


@pytest.mark.parametrize("count", [0, 101])
def test_there_are_one_to_a_hundred_records(shops: TestClient, count: int) -> None:
    answer = ask(shops, *[RECORD] * count)

    assert answer.status_code == 400
    assert "1 to 100" in answer.json()["detail"]


def test_a_hundred_series_are_one_call(shops: TestClient, upstream: Upstream) -> None:
    assert ask(shops, *[RECORD] * 100).status_code == 200
    assert [len(each["instances"]) for each in sent(upstream)] == [100]


def test_a_forecast_has_no_contributions_to_ask_for(shops: TestClient) -> None:
    answer = shops.post(PATH, json={"records": [RECORD], "contributions": True})

    assert answer.status_code == 400
    assert "unknown key 'contributions'" in answer.json()["detail"]


def spoilt(**changes: Any) -> Callable[[Request], Reply]:
    """The endpoint's answer with something else in its only prediction."""

    def answers(request: Request) -> Reply:
        status, body, headers = one_forecast_a_series(request)
        [prediction] = json.loads(body)["predictions"]
        return status, json.dumps({"predictions": [prediction | changes]}).encode(), headers

    return answers


@pytest.mark.parametrize(
    "reply",
    [
        lambda _: (200, b"yes,0.75\n", {}),
        lambda _: (200, b"[1]", {}),
        lambda _: json_reply({"predictions": []}),
        lambda _: json_reply({"predictions": [1]}),
        spoilt(item_id="16_411"),
        spoilt(start="soon"),
        spoilt(start="9999-12-31"),
        spoilt(mean=[1.0, 2.0]),
        spoilt(mean=[1.0, 2.0, float("nan")]),
        spoilt(median=None),
        spoilt(quantiles={"0.1": [1, 2, 3], "0.5": [1, 2, 3]}),
    ],
)
def test_what_is_no_forecast_of_what_was_asked_is_a_502(
    shops: TestClient, upstream: Upstream, reply: Callable[[Request], Reply]
) -> None:
    upstream.invoke = reply

    answer = ask(shops, RECORD)

    assert answer.status_code == 502
    assert "not a forecast a series" in answer.json()["detail"]
    assert len(upstream.to(INVOKE)) == 1


def test_the_variant_is_the_callers_choice(shops: TestClient, upstream: Upstream) -> None:
    assert [ask(shops, RECORD, X_Target_Variant=name).status_code for name in ("AllTraffic", "b")] == [
        200,
        404,
    ]
    [request] = upstream.to(INVOKE)
    assert request.headers["x-amzn-sagemaker-target-variant"] == "AllTraffic"


@pytest.mark.parametrize(
    ("uri", "where"),
    [
        ("s3://bucket/actuals", "as CSV below s3://bucket/actuals/yyyy/mm/dd/"),
        (None, "where the project's rows"),
    ],
)
def test_ground_truth_of_a_forecast_is_rows_of_data(
    api: Api, upstream: Upstream, uri: str | None, where: str
) -> None:
    client = api(None, DOCUMENT | {"actuals_uri": uri})

    answer = client.post("/v1/shops/ground-truth", json={"labels": [{"inference_id": "a", "label": "3"}]})

    assert answer.status_code == 404
    assert "takes no ground truth" in answer.json()["detail"]
    assert where in answer.json()["detail"]
    assert upstream.objects == {}


def test_the_documents_example_is_the_projects_and_is_answered(shops: TestClient) -> None:
    document = shops.get("/openapi.json").json()
    example = document["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]["example"]

    answer = shops.post(PATH, json=example)

    assert example == {"records": [DOCUMENT["example"]]}
    assert answer.status_code == 200
    assert "/v1/shops/ground-truth" not in document["paths"]
    assert document["components"]["schemas"]["shops.Record"]["required"] == ["shop", "good", "known"]


def test_a_form_gets_the_key_the_features_and_the_horizon(shops: TestClient) -> None:
    listed = {each["project"]: each for each in shops.get("/v1/projects").json()["projects"]}

    assert listed["people"]["kind"] == "tabular"
    assert listed["shops"] == {
        "project": "shops",
        "kind": "forecast",
        "target": {"name": "sold"},
        "takes_ground_truth": False,
        "prediction_length": 3,
        "quantiles": ["0.1", "0.5", "0.9"],
        "key": [{"name": "shop", "example": "16"}, {"name": "good", "example": "410"}],
        "known": [{"name": "price", "type": "Fractional", "example": [9.5, 9.5, 9.5], "minimum": 0.0}],
        "static": ["group", "amenity_count"],
    }


def test_days_and_series_are_counted(shops: TestClient) -> None:
    ask(shops, RECORD, RECORD)

    text = shops.get("/metrics").text

    assert 'api_records_total{project="shops"} 2.0' in text
    assert 'api_forecast_days_total{project="shops"} 6.0' in text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": SCHEMA | {"frequency": "W"}}, "schema.frequency: frequency 'W' is not implemented"),
        ({"schema": SCHEMA | {"item_id": ["known"]}}, "cannot be called 'known'"),
        ({"schema": SCHEMA | {"prediction_length": 0}}, "schema.prediction_length"),
        ({"schema": SCHEMA | {"known": SCHEMA["known"] * 2}}, "known names a feature twice"),
        ({"quantiles": ["0.9", "0.1"]}, "quantiles must rise"),
        ({"quantiles": ["p90"]}, "quantiles must be numbers as texts"),
        ({"example": {"shop": "16"}}, "the example is no record: good is missing"),
        ({"actuals_uri": "bucket"}, "actuals_uri must be s3://bucket/prefix"),
        ({"lookup": {"unknown_key": "raw"}}, "lookup: Extra inputs"),
    ],
)
def test_a_document_that_describes_no_forecasts_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        parse_project(json.dumps(DOCUMENT | changes).encode(), "shops.json")


def test_without_an_example_there_is_one_of_the_schemas() -> None:
    document = {name: each for name, each in DOCUMENT.items() if name != "example"}

    project = parse_project(json.dumps(document).encode(), "shops.json")

    # No price is 0: what is relative to others has no logarithm there.
    assert project.record()["example"] == {"shop": "1", "good": "1", "known": {"price": [1.0, 1.0, 1.0]}}


# What JSON can say, some of it close to what belongs somewhere.
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 3, 2.5, 10**400, 1e39, "", "3", "2026-01-30", "2026-02-30", "\ud800", [], {}),
    *([1, 1, 1], [None] * 3, {"2026-01-30": 1}, {"price": [1, 1, 1]}, {"start": "2026-01-27", "target": [1]}),
    *({"2026-01-30": 1, "2026-01-31": [], "2026-02-01": 1}, "9" * 5000, [[1], 1, 1], {"price": None}),
)
WHOLE = RECORD | {
    "prediction_length": 3,
    "history": HISTORY | {"known": {"price": [9, 9, 9.5]}},
    "static": {"group": "tea", "amenity_count": 14},
}


def spoil(document: Any, source: random.Random) -> Any:
    """The document with another value, or another key, in one place of it."""
    if isinstance(document, dict) and document and source.random() < 0.85:
        name = source.choice(list(document))
        if source.random() < 0.1:
            return {key: value for key, value in document.items() if key != name}
        return document | {name: spoil(document[name], source)}
    if isinstance(document, dict) and source.random() < 0.3:
        return document | {source.choice(("more", "price", "known", "\udfff")): source.choice(VALUES)}
    if isinstance(document, list) and document and source.random() < 0.7:
        place = source.randrange(len(document))
        return [*document[:place], spoil(document[place], source), *document[place + 1 :]]
    return source.choice(VALUES)


def test_whatever_a_record_is_it_is_answered_or_refused_by_its_row(api: Api, upstream: Upstream) -> None:
    upstream.invoke = one_forecast_a_series
    client = api(None, DOCUMENT, API_RATE_PER_SECOND="100000", API_RATE_BURST="100000")
    source = random.Random(20260130)
    statuses: Counter[int] = Counter()

    for _ in range(600):
        record = spoil(WHOLE, source)
        content = json.dumps({"records": [RECORD, record]}).encode()
        answer = client.post(PATH, content=content, headers={"Content-Type": "application/json"})
        statuses[answer.status_code] += 1
        if answer.status_code == 200:
            assert [len(each["mean"]) for each in answer.json()["predictions"]] == [3, 3]
        else:
            assert answer.status_code in (400, 422), (record, answer.json())
            assert answer.status_code == 400 or {each["row"] for each in answer.json()["errors"]} == {2}

    assert statuses[200] > 20
    assert statuses[422] > 200
