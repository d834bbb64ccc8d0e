"""A tabular project's columns as schema.json, and how encoded columns are called."""

import hashlib
import re
from collections import Counter
from typing import Any

from orchestration.errors import ProjectError
from orchestration.project_model import FEATURE_NAME
from orchestration.tabular_project import CategoricalFeature, NumericFeature, TabularProject

NAME_LIMIT = 64
HASH_LENGTH = 6


def tabular_schema(project: TabularProject) -> dict[str, Any]:
    """schema.json of `project`: its used features, the target, the name of each encoded column."""
    names = encoded_names(project.used_features)
    return {
        "version": 1,
        "target": {
            "name": project.target.name,
            "positive": project.target.positive,
            "negative": project.target.negative,
        },
        "features": [_feature(feature, names) for feature in project.used_features],
    }


def encoded_names(features: tuple[NumericFeature | CategoricalFeature, ...]) -> dict[tuple[str, str], str]:
    """A legal SageMaker feature name for every (feature, category), each one different.

    `admin.` of job becomes job_admin. Where two would be called the same, both
    get a hash of what they stand for, so the order of the file does not matter.
    Raises ProjectError where no legal name can be made.
    """
    wanted = {
        (feature.name, value): plain_name(feature.name, value)
        for feature in features
        if isinstance(feature, CategoricalFeature)
        for value in feature.categories
    }
    # Feature names that differ in case alone are one column in the offline store's catalogue.
    taken = Counter(name.lower() for name in wanted.values())
    taken.update(feature.name.lower() for feature in features if isinstance(feature, NumericFeature))
    names = {
        pair: name if taken[name.lower()] == 1 and FEATURE_NAME.match(name) else hashed_name(name, pair)
        for pair, name in wanted.items()
    }
    for (feature, value), name in names.items():
        if not FEATURE_NAME.match(name):
            raise ProjectError(
                f"the category '{value}' of '{feature}' has no legal column name ('{name}'); "
                "begin the feature's name with a letter or digit"
            )
    return names


def plain_name(feature: str, value: str) -> str:
    """Feature and value, with every character that a feature name may not have turned into _."""
    cleaned = re.sub(r"[^a-zA-Z0-9]+", "_", value).strip("_")
    return f"{re.sub(r'[^a-zA-Z0-9]+', '_', feature).strip('_')}_{cleaned}"


def hashed_name(name: str, pair: tuple[str, str]) -> str:
    """`name`, cut where it is too long, ending in a hash of the feature and the value."""
    digest = hashlib.sha256("\0".join(pair).encode()).hexdigest()[:HASH_LENGTH]
    return f"{name[: NAME_LIMIT - HASH_LENGTH - 1].rstrip('_')}_{digest}"


def _feature(
    feature: NumericFeature | CategoricalFeature, names: dict[tuple[str, str], str]
) -> dict[str, Any]:
    if isinstance(feature, NumericFeature):
        return {
            "name": feature.name,
            "type": feature.type,
            "minimum": feature.minimum,
            "maximum": feature.maximum,
            "scaling": feature.scaling,
            "nullable": feature.nullable,
        }
    return {
        "name": feature.name,
        "type": feature.type,
        "nullable": feature.nullable,
        "categories": [
            {"value": value, "encoded_name": names[feature.name, value]} for value in feature.categories
        ],
    }
