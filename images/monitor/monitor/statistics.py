"""statistics.json: what a dataset was like.

Source of the form: developer guide, "Schema for Statistics".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

from monitor.files import read_document
from monitor.profiles import DatasetProfile, Numbers, Profile, Sketch

FILE_NAME = "statistics.json"


def statistics_document(profile: DatasetProfile) -> dict[str, Any]:
    """The file's content."""
    return {
        "version": 0.0,
        "dataset": {"item_count": profile.rows},
        "features": [_feature(feature) for feature in profile.features],
    }


def _feature(feature: Profile) -> dict[str, Any]:
    document: dict[str, Any] = {"name": feature.name, "inferred_type": str(feature.inferred_type)}
    common = {"num_present": feature.present, "num_missing": feature.missing}
    if feature.numbers is not None:
        document["numerical_statistics"] = {"common": common, **_numbers(feature.numbers)}
    elif feature.categories is not None:
        buckets = [{"value": value, "count": count} for value, count in feature.categories.counts.items()]
        document["string_statistics"] = {
            "common": common,
            "distinct_count": float(feature.categories.distinct),
            "distribution": {"categorical": {"buckets": buckets}},
        }
    else:
        # No value that a number or a text could be told of; the counts still hold.
        kind = "numerical_statistics" if feature.inferred_type.is_numeric else "string_statistics"
        document[kind] = {"common": common}
    return document


def _numbers(numbers: Numbers) -> dict[str, Any]:
    sketch = numbers.sketch
    return {
        "mean": numbers.mean,
        "sum": numbers.sum,
        "std_dev": numbers.std_dev,
        "min": numbers.min,
        "max": numbers.max,
        "distribution": {
            "kll": {
                "buckets": [
                    {
                        "lower_bound": bucket.lower_bound,
                        "upper_bound": bucket.upper_bound,
                        "count": float(bucket.count),
                    }
                    for bucket in numbers.buckets
                ],
                "sketch": {
                    "parameters": {"c": sketch.shrinking_factor, "k": float(sketch.size)},
                    "data": [list(level) for level in sketch.levels],
                },
            }
        },
    }


@dataclass(frozen=True, slots=True)
class BaselineFeature:
    """What a comparison needs of the baseline; None where the baseline has none of it."""

    sketch: Sketch | None = None
    counts: dict[str, int] | None = None
    present: int = 0


def read_baseline_statistics(path: Path) -> dict[str, BaselineFeature]:
    """The features in a statistics.json, by name.

    Raises ContractError for a file of another kind.
    """
    document = read_document(path, "baseline_statistics")
    features = document.get("features")
    if not isinstance(features, list):
        raise ContractError(
            f"baseline_statistics {path} has no list 'features'; give the {FILE_NAME} of a baseline job."
        )
    try:
        return {str(feature["name"]): _baseline_feature(feature) for feature in features}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError(
            f"baseline_statistics {path} is not as statistics.json should be "
            f"({type(error).__name__}: {error}); give the file of a baseline job."
        ) from None


def _baseline_feature(feature: Mapping[str, Any]) -> BaselineFeature:
    numeric = feature.get("numerical_statistics")
    text = feature.get("string_statistics")
    if numeric is not None:
        kll = (numeric.get("distribution") or {}).get("kll") or {}
        return BaselineFeature(
            sketch=_sketch(kll["sketch"]) if "sketch" in kll else None,
            present=int(numeric["common"]["num_present"]),
        )
    if text is not None:
        categorical = (text.get("distribution") or {}).get("categorical")
        counts = {str(each["value"]): int(each["count"]) for each in (categorical or {}).get("buckets", ())}
        return BaselineFeature(
            counts=counts if categorical else None, present=int(text["common"]["num_present"])
        )
    return BaselineFeature()


def _sketch(document: Mapping[str, Any]) -> Sketch:
    parameters = document["parameters"]
    return Sketch(
        shrinking_factor=float(parameters["c"]),
        size=int(parameters["k"]),
        levels=tuple(tuple(float(item) for item in level) for level in document["data"]),
    )
