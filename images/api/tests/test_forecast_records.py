import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.forecasting import (
    DATES,
    DOCUMENT,
    HISTORY,
    INVOKE,
    PATH,
    RECORD,
    ask,
    one_forecast_a_series,
    price,
    sent,
)
from tests.upstream import Upstream

Api = Callable[..., TestClient]


def changed(**changes: Any) -> dict[str, Any]:
    return RECORD | changes


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
