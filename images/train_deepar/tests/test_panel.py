import json
from datetime import date

import pytest
from smcontract.failure import ContractError
from tests.demand import DOCUMENT
from train_deepar.panel import Panel, parse_panel


def parsed(**changes: object) -> Panel:
    return parse_panel(json.dumps(DOCUMENT | changes).encode(), "panel.json")


def test_a_panel_says_what_the_positions_of_a_series_mean() -> None:
    panel = parsed()

    assert [category.name for category in panel.cat] == ["store", "item"]
    assert panel.cat[1].values == ("409", "410", "503")
    assert panel.static_real == ("amenity_count",)
    assert [(each.name, each.scaling) for each in panel.dynamic_feat] == [
        ("unit_price", "relative"),
        ("is_holiday", "none"),
    ]
    assert [each.name for each in panel.known] == ["unit_price"]
    assert panel.holidays[date(2025, 4, 18)] == "Good Friday"
    assert panel.holidays_until == date(2025, 12, 31)


def test_what_a_panel_may_leave_out_it_leaves_out() -> None:
    panel = parsed(cat=[], static_real=[], dynamic_feat=[], holidays=None, target={"name": "quantity"})

    assert (panel.cat, panel.static_real, panel.known, panel.holidays_until) == ((), (), (), None)
    assert panel.target.minimum is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 2}, "panel.json has version 2, this image reads 1; preprocess again."),
        ({"frequency": "W"}, "has the frequency 'W', this image forecasts D"),
        ({"prediction_length": 0}, "prediction_length is 0"),
        ({"target": {"type": "Integral"}}, "'name' is missing"),
        ({"target": {"name": "q", "type": "Text"}}, "'Text' is not one of Integral, Fractional"),
        ({"dynamic_feat": [{"name": "p", "scaling": "log"}]}, "'log' is not one of relative, standard, none"),
        ({"dynamic_feat": [{"name": "p", "source": "tea leaves"}]}, "is not one of known, holidays"),
        ({"holidays": {"dates": {"Easter": "x"}}}, "panel.json is not a panel"),
    ],
)
def test_what_is_no_panel_is_told(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ContractError) as failure:
        parsed(**changes)

    assert told in str(failure.value)


@pytest.mark.parametrize("content", [b"[1]", b"{", b"\xff"])
def test_what_is_no_json_object_is_told(content: bytes) -> None:
    with pytest.raises(ContractError, match=r"panel.json is not a JSON object; preprocess again"):
        parse_panel(content, "panel.json")
