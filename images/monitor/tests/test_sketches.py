"""A sketch that is exact, and buckets that a sketch fills."""

import numpy as np
import pytest
from monitor.profiles import Sketch
from monitor.sketches import bucketed, exact_sketch


@pytest.mark.parametrize("counts", [{0.0: 5, 1.0: 1}, {0.0: 0, 1.0: 8}, {0.0: 28_123, 1.0: 2_393}])
def test_an_item_of_a_level_stands_for_as_many_values_as_in_a_sketch_of_deequs(
    counts: dict[float, int],
) -> None:
    sketch = exact_sketch(counts)

    found = dict.fromkeys(counts, 0)
    for level, items in enumerate(sketch.levels):
        for item in items:
            found[item] += 2**level
    assert found == counts
    assert (sketch.size, sketch.shrinking_factor) == (2048, 0.64)


def test_buckets_are_those_of_numpys_histogram() -> None:
    values = np.random.default_rng(0).normal(0, 1, 500)
    sketch = Sketch(0.64, 2048, (tuple(values.tolist()),))

    buckets = bucketed(sketch, values.min(), values.max())

    counts, edges = np.histogram(values, bins=10)
    assert [bucket.count for bucket in buckets] == counts.tolist()
    assert [bucket.lower_bound for bucket in buckets] == pytest.approx(edges[:-1])
    assert [bucket.upper_bound for bucket in buckets] == pytest.approx(edges[1:])


def test_equal_values_are_all_in_the_last_bucket() -> None:
    assert [bucket.count for bucket in bucketed(exact_sketch({1.0: 6}), 1.0, 1.0)] == [0] * 9 + [6]
