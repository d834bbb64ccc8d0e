"""A small forecasting project, and an endpoint that answers it in DeepAR's JSON."""

import json
from typing import Any

from starlette.testclient import TestClient

from tests.upstream import Reply, Request, Upstream, json_reply

SCHEMA: dict[str, Any] = {
    "version": 1,
    "problem_type": "Forecasting",
    "frequency": "D",
    "prediction_length": 3,
    "timestamp": {"name": "date"},
    "item_id": ["shop", "good"],
    "target": {"name": "sold", "type": "Integral", "minimum": 0},
    "static": ["shop", "good", "group"],
    "known": [{"name": "price", "type": "Fractional", "minimum": 0, "scaling": "relative"}],
    "holidays": "GB",
    "places": {
        "column": "shop",
        "radius_meters": 1500,
        "locations": {"16": {"latitude": 51.5, "longitude": -0.12}},
        "counts": {"amenity_count": "amenity"},
    },
}
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "project": "shops",
    "kind": "forecast",
    "schema": SCHEMA,
    "endpoint_name": "shops-endpoint",
    "quantiles": ["0.1", "0.5", "0.9"],
    "example": {"shop": "16", "good": "410", "known": {"price": [9.5, 9.5, 9.5]}},
    "actuals_uri": "s3://bucket/actuals",
}
RECORD: dict[str, Any] = {"shop": "16", "good": "410", "known": {"price": [12, 11.5, 10]}}
SERIES = ("16_410", "16_411")
PATH = "/v1/shops/predictions"
INVOKE = "/endpoints/shops-endpoint/invocations"
HISTORY: dict[str, Any] = {"start": "2026-01-27", "target": [3, None, 5]}
START, DATES = "2026-01-30", ["2026-01-30", "2026-01-31", "2026-02-01"]


def one_forecast_a_series(request: Request) -> Reply:
    """20 less the price on each day, 10 between the quantiles 0 and 1; of SERIES, or with a history."""
    asked = json.loads(request.body)
    levels, days = asked["configuration"]["quantiles"], asked["configuration"]["prediction_length"]
    predictions = []
    for number, instance in enumerate(asked["instances"], start=1):
        if instance["item_id"] not in SERIES and "target" not in instance:
            reason = f'the model holds no series "{instance["item_id"]}", and no history is given'
            told = json.dumps({"error": f"Instance {number}: {reason}.", "instance": number})
            document = {"OriginalStatusCode": 400, "OriginalMessage": told}
            return json_reply(document, 424, **{"x-amzn-errortype": "ModelError"})
        prices = instance["known"]["price"]
        if isinstance(prices, dict):
            prices = [prices[day] for day in sorted(prices)][-days:]
        mean = [20.0 - price for price in prices]
        quantiles = {level: [each + 10 * (float(level) - 0.5) for each in mean] for level in levels}
        predictions.append(
            {
                "item_id": instance["item_id"],
                "start": START,
                "mean": mean,
                "median": quantiles["0.5"],
                "quantiles": quantiles,
            }
        )
    status, body, headers = json_reply({"predictions": predictions})
    return status, body, headers | {"x-Amzn-Invoked-Production-Variant": "AllTraffic"}


def ask(client: TestClient, *records: Any, **headers: str) -> Any:
    """Ask for forecasts; names of headers have _ for -."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(PATH, json={"records": list(records)}, headers=given)


def sent(upstream: Upstream) -> list[dict[str, Any]]:
    """What the endpoint was asked."""
    return [json.loads(each.body) for each in upstream.to(INVOKE)]


def price(values: object) -> dict[str, Any]:
    """A record with those prices."""
    return RECORD | {"known": {"price": values}}
