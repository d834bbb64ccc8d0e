"""Shares and turns."""

import pytest
from slipway.runtime.routing import choose_by_weight, choose_least_outstanding


@pytest.mark.parametrize(
    ("weights", "draw", "place"),
    [
        # API reference, ProductionVariant: the share is the weight over the sum of all.
        ((3.0, 1.0), 0.0, 0),
        ((3.0, 1.0), 0.749, 0),
        ((3.0, 1.0), 0.75, 1),
        ((3.0, 1.0), 0.999, 1),
        ((0.0, 1.0, 0.0), 0.0, 1),
        ((0.0, 1.0, 0.0), 0.999, 1),
        ((0.1, 0.1, 0.1), 0.9999999999999999, 2),
    ],
)
def test_each_variant_has_its_share(weights: tuple[float, ...], draw: float, place: int) -> None:
    assert choose_by_weight(weights, draw) == place


def test_weights_that_are_all_zero_choose_nobody() -> None:
    assert choose_by_weight((0.0, 0.0), 0.5) is None


def test_the_instance_with_the_fewest_requests_is_next() -> None:
    assert choose_least_outstanding((2, 0, 1), start=0) == 1


def test_equal_instances_take_turns() -> None:
    assert [choose_least_outstanding((0, 0, 0), start) for start in range(3)] == [0, 1, 2]
