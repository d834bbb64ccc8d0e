"""The inference API over an endpoint of the train_deepar image: what the model says is what a caller gets."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.api_deployment import Deployed, api_over, registered
from tests.support.api_server import ApiServer
from tests.support.containers import run_job
from tests.support.emulator import Emulator
from tests.support.endpoints import endpoints_of, new_name, variant
from tests.support.train_deepar_data import (
    DAYS,
    ENDS,
    PREDICTION_LENGTH,
    QUICK,
    SALES,
    START,
    write_training_root,
)

JSON = "application/json"
LEVELS = ["0.1", "0.5", "0.9"]
HISTORY_DAYS = ENDS["validation"]
HORIZON = [(START + timedelta(day)).isoformat() for day in range(HISTORY_DAYS, DAYS)]
# The columns of the panel that the model is trained on.
SCHEMA: dict[str, Any] = {
    "version": 1,
    "problem_type": "Forecasting",
    "frequency": "D",
    "prediction_length": PREDICTION_LENGTH,
    "timestamp": {"name": "date"},
    "item_id": ["store", "item"],
    "target": {"name": "quantity", "type": "Integral", "minimum": 0},
    "static": ["store", "item", "category"],
    "known": [{"name": "unit_price", "type": "Fractional", "minimum": 0, "scaling": "relative"}],
    "holidays": "GB",
    "places": {
        "column": "store",
        "radius_meters": 1500,
        "locations": {},
        "counts": {"amenity_count": "amenity"},
    },
}


@pytest.fixture(scope="module")
def deployed(
    emulator: Emulator, train_deepar_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """A version that was trained, registered and deployed."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", QUICK)
    outcome = run_job(train_deepar_image, ["train"], root)
    assert outcome.exit_code == 0, outcome.stderr
    with endpoints_of(emulator, train_deepar_image) as endpoints:
        uri = endpoints.store_model({path.name: path.read_bytes() for path in (root / "model").iterdir()})
        package = registered(endpoints, train_deepar_image, uri, {"trained-by": "a test"}, JSON)
        model = new_name("model")
        endpoints.client.create_model(ModelName=model, Containers=[{"ModelPackageName": package}])
        name = endpoints.in_service(endpoints.config(variant(model)))
        project = {
            "version": 1,
            "project": "stores",
            "kind": "forecast",
            "schema": SCHEMA,
            "endpoint_name": name,
            "quantiles": LEVELS,
            "example": record("12_409"),
        }
        yield Deployed(emulator, endpoints, name, package, {"stores": project})


@pytest.fixture(scope="module")
def server(
    deployed: Deployed, api_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiServer]:
    with api_over(deployed, api_image, tmp_path_factory.mktemp("api") / "etc") as running:
        yield running


def record(item_id: str, factor: float = 1.0, **more: Any) -> dict[str, Any]:
    """A series of the panel, with the prices that it had on the days of the horizon, times `factor`."""
    store, item = item_id.split("_")
    prices = [round(price * factor, 2) for price in SALES[item_id].prices[HISTORY_DAYS:]]
    return {"store": store, "item": item, "known": {"unit_price": prices}, **more}


def test_what_is_answered_is_what_the_model_forecasts_and_which_version_it_is(
    deployed: Deployed, server: ApiServer
) -> None:
    answer = server.predict("stores", *(record(item_id) for item_id in SALES), X_Inference_Id="order-1")
    own = json.loads(
        deployed.endpoints.invoke(
            deployed.name,
            json.dumps(
                {
                    "instances": [
                        {"item_id": item_id, "known": record(item_id)["known"]} for item_id in SALES
                    ],
                    "configuration": {"output_types": ["mean", "median", "quantiles"], "quantiles": LEVELS},
                }
            ).encode(),
            ContentType=JSON,
        )
    )

    assert answer.status == 200, answer.body
    found = answer.json["predictions"]
    assert [{name: value for name, value in each.items() if name != "dates"} for each in found] == own[
        "predictions"
    ]
    assert all(each["dates"] == HORIZON for each in found)
    for each in found:
        assert all(
            low < high for low, high in zip(each["quantiles"]["0.1"], each["quantiles"]["0.9"], strict=True)
        )
    assert answer.json["inference_id"] == "order-1"
    assert answer.json["model"] == {
        "endpoint_status": "InService",
        "variant": "AllTraffic",
        "model_package_version": 1,
        "model_package_arn": deployed.model_package_arn,
    }


def test_what_if_the_price_were_another_one(server: ApiServer) -> None:
    as_it_was, again, cheaper = (
        server.predict("stores", record("13_410", factor)).json["predictions"][0] for factor in (1, 1, 0.8)
    )

    assert as_it_was == again
    assert cheaper["dates"] == as_it_was["dates"]
    assert cheaper["mean"] != as_it_was["mean"]


def test_prices_by_date_are_those_of_a_list_and_fewer_days_are_its_beginning(server: ApiServer) -> None:
    prices = record("12_503")["known"]["unit_price"]
    by_date = {"unit_price": dict(zip(HORIZON, prices, strict=True))}

    listed, dated = (
        server.predict("stores", record("12_503", known=known)).json["predictions"]
        for known in ({"unit_price": prices}, by_date)
    )
    shorter = server.predict(
        "stores", record("12_503", known={"unit_price": prices[:3]}, prediction_length=3)
    )

    assert listed == dated
    assert shorter.json["predictions"][0]["dates"] == HORIZON[:3]


def test_a_new_series_is_forecast_from_the_history_that_it_brings(server: ApiServer) -> None:
    sales = SALES["12_409"]
    new = record("12_409", item="999") | {
        "static": {"category": "food", "amenity_count": 14},
        "history": {
            "start": START.isoformat(),
            "target": list(sales.quantities[:HISTORY_DAYS]),
            "known": {"unit_price": list(sales.prices[:HISTORY_DAYS])},
        },
    }

    refused = server.predict("stores", record("12_409"), record("12_409", item="999"))
    answers = [server.predict("stores", new), server.predict("stores", new | {"item": "503"})]

    assert refused.status == 422
    [error] = refused.json["errors"]
    assert (error["row"], 'the model holds no series "12_999"' in error["reason"]) == (2, True)
    # Of an item that the model was not trained on it knows what items are like on average.
    for answer in answers:
        assert answer.status == 200, answer.body
        assert answer.json["predictions"][0]["dates"] == HORIZON


def test_a_day_without_a_price_is_named(server: ApiServer) -> None:
    days = dict.fromkeys([*HORIZON[:3], *HORIZON[4:], "2025-01-06"], 9.5)

    answer = server.predict("stores", record("12_409", known={"unit_price": days}))

    assert answer.status == 422
    [error] = answer.json["errors"]
    assert (error["row"], error["field"]) == (1, "known.unit_price")


def test_the_examples_of_its_own_document_are_answered(server: ApiServer) -> None:
    document = server.request("GET", "/openapi.json").json
    operation = document["paths"]["/v1/stores/predictions"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]

    assert server.request("POST", "/v1/stores/predictions", example).status == 200
