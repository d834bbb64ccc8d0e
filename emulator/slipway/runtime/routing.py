"""Which variant, and which of its instances, answers a request."""

from collections.abc import Sequence


def choose_by_weight(weights: Sequence[float], draw: float) -> int | None:
    """The place that `draw`, from 0 up to but not including 1, falls on; None where all weights are 0.

    Each place's share is its weight over the sum of all (API reference, ProductionVariant).
    """
    total = sum(weights)
    if total <= 0:
        return None
    reached = 0.0
    for place, weight in enumerate(weights):
        reached += weight / total
        if draw < reached:
            return place
    # Rounding may leave the sum a little below 1.
    return max(place for place, weight in enumerate(weights) if weight > 0)


def choose_least_outstanding(outstanding: Sequence[int], start: int) -> int:
    """The place with the fewest requests under way; of equal ones the first from `start` on, round about."""
    count = len(outstanding)
    return min(((start + step) % count for step in range(count)), key=outstanding.__getitem__)
