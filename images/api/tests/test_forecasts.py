import json
from collections.abc import Callable
from typing import Any

import pytest
from api.documents import parse_project
from api.errors import SettingsError
from starlette.testclient import TestClient

from tests.forecasting import (
    DATES,
    DOCUMENT,
    HISTORY,
    INVOKE,
    PATH,
    RECORD,
    SCHEMA,
    START,
    ask,
    one_forecast_a_series,
    price,
    sent,
)
from tests.upstream import PACKAGE, Reply, Request, Upstream, json_reply

Api = Callable[..., TestClient]


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
    for paid in (10, 8):
        ask(shops, price([paid] * 3))

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
        "known": [{"name": "price", "type": "Fractional", "example": [9.5, 9.5, 9.5], "above": 0.0}],
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
        ({"quantiles": ["0.1", "0.9", "0.5"]}, "quantiles must rise"),
        ({"quantiles": ["0.5", "1"]}, "each between 0 and 1"),
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
