"""Sketches of numbers, and the buckets that they fill."""

from bisect import bisect_right
from collections.abc import Mapping

from monitor.profiles import Bucket, Sketch

# Model Monitor's own: `"sketch": {"parameters": {"c": 0.64, "k": 2048.0}}` and ten buckets.
SKETCH_SIZE = 2048
SHRINKING_FACTOR = 0.64
BUCKETS = 10


def exact_sketch(counts: Mapping[float, int]) -> Sketch:
    """A sketch without any error: each value is in the levels that its count has in binary."""
    height = max(count.bit_length() for count in counts.values())
    return Sketch(
        shrinking_factor=SHRINKING_FACTOR,
        size=SKETCH_SIZE,
        levels=tuple(
            tuple(value for value, count in counts.items() if count >> level & 1) for level in range(height)
        ),
    )


def bucketed(sketch: Sketch, low: float, high: float) -> tuple[Bucket, ...]:
    """Equally wide buckets from `low` to `high`, counted by the sketch."""
    edges = [low + (high - low) * place / BUCKETS for place in range(BUCKETS)]
    counts = [0] * BUCKETS
    for level, items in enumerate(sketch.levels):
        for item in items:
            counts[max(bisect_right(edges, item) - 1, 0)] += 1 << level
    return tuple(map(Bucket, edges, [*edges[1:], high], counts))
