"""A group that is there already: ours, or somebody else's."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from preprocess.combinations import Combinations
from preprocess.feature_group import check_group, definitions
from preprocess.schema import CategoricalFeature, Category
from smcontract.failure import ContractError

COMBINATIONS = Combinations(
    (CategoricalFeature("job", False, (Category("admin.", "job_admin"), Category("student", "job_student"))),)
)
# DescribeFeatureGroup, as far as it is looked at.
OURS: dict[str, Any] = {
    "FeatureGroupName": "g",
    "FeatureGroupStatus": "Created",
    "RecordIdentifierFeatureName": "combination",
    "EventTimeFeatureName": "event_time",
    "FeatureDefinitions": [
        {"FeatureName": "combination", "FeatureType": "String"},
        {"FeatureName": "event_time", "FeatureType": "Fractional"},
        {"FeatureName": "job_admin", "FeatureType": "Integral"},
        {"FeatureName": "job_student", "FeatureType": "Integral"},
    ],
    "OnlineStoreConfig": {"EnableOnlineStore": True},
    "OfflineStoreConfig": {"DataCatalogConfig": {"TableName": "t"}},
}

Change = Callable[[dict[str, Any]], object]


def test_a_group_has_key_time_and_a_whole_number_for_each_encoded_column() -> None:
    assert definitions(COMBINATIONS) == OURS["FeatureDefinitions"]


def test_our_own_group_is_taken() -> None:
    check_group(OURS, COMBINATIONS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda group: group.update(FeatureGroupStatus="CreateFailed", FailureReason="no bucket"),
            "feature group g is CreateFailed: no bucket",
        ),
        (lambda group: group.update(FeatureGroupStatus="Deleting"), "feature group g is Deleting"),
        (lambda group: group.pop("OnlineStoreConfig"), "it has no online store"),
        (lambda group: group.pop("OfflineStoreConfig"), "it has no offline store"),
        (lambda group: group["OfflineStoreConfig"].clear(), "it has no offline store with a table"),
        (lambda group: group.update(RecordIdentifierFeatureName="id"), "is 'id', not 'combination'"),
        (lambda group: group.update(EventTimeFeatureName="at"), "is 'at', not 'event_time'"),
        (lambda group: group["FeatureDefinitions"].pop(), "it has no feature 'job_student'"),
        (
            lambda group: group["FeatureDefinitions"].append({"FeatureName": "x", "FeatureType": "String"}),
            "it has a feature 'x'",
        ),
        (
            lambda group: group["FeatureDefinitions"][2].update(FeatureType="String"),
            "its feature 'job_admin' is String, not Integral",
        ),
    ],
)
def test_another_s_group_is_refused_with_the_difference(change: Change, told: str) -> None:
    group = copy.deepcopy(OURS)
    change(group)

    with pytest.raises(ContractError) as refused:
        check_group(group, COMBINATIONS)

    assert told in str(refused.value)
    assert "delete it" in str(refused.value)
