"""What every List call has in common."""

from typing import Any

import pytest
from slipway.errors import ValidationException
from slipway.operations.listing import query_of
from slipway.protocol.call import Call
from slipway.protocol.pages import write_token
from slipway.protocol.service_model import SAGEMAKER, ServiceModels
from slipway.resources.resource import Owner
from slipway.store.query import Position, SortBy

OWNER = Owner("123456789012", "eu-west-1")
MODELS = ServiceModels()
LISTS = [
    "ListTrainingJobs",
    "ListProcessingJobs",
    "ListModels",
    "ListEndpointConfigs",
    "ListEndpoints",
    "ListModelPackages",
    "ListModelPackageGroups",
]


def call(operation: str, **parameters: Any) -> Call:
    return Call(SAGEMAKER, operation, parameters, OWNER, "id")


@pytest.mark.parametrize("operation", LISTS)
def test_the_default_order_is_the_one_that_the_models_text_tells(operation: str) -> None:
    model = MODELS.operation(SAGEMAKER, operation)
    assert model is not None
    text = model.input_shape.members["SortOrder"].documentation

    query = query_of(call(operation))

    assert ("Descending" if query.descending else "Ascending") in text
    assert query.sort_by is SortBy.CREATION_TIME
    assert query.limit == 10


@pytest.mark.parametrize("operation", LISTS)
def test_every_order_of_the_model_is_known(operation: str) -> None:
    model = MODELS.operation(SAGEMAKER, operation)
    assert model is not None

    for name in model.input_shape.members["SortBy"].enum:
        assert query_of(call(operation, SortBy=name))


def test_filters_are_the_queries() -> None:
    query = query_of(
        call(
            "ListTrainingJobs",
            MaxResults=3,
            NameContains="x",
            StatusEquals="Failed",
            CreationTimeAfter=1.0,
            CreationTimeBefore=2.0,
            LastModifiedTimeAfter=3.0,
            LastModifiedTimeBefore=4.0,
            SortOrder="Descending",
        )
    )

    assert (query.limit, query.name_contains, query.status, query.descending) == (3, "x", "Failed", True)
    assert (query.created_after, query.created_before) == (1.0, 2.0)
    assert (query.modified_after, query.modified_before) == (3.0, 4.0)


def test_a_page_goes_on_where_the_last_one_ended_and_only_in_its_own_list() -> None:
    token = write_token("ListTrainingJobs", {"StatusEquals": "Failed"}, Position(7.0, 3))

    assert query_of(call("ListTrainingJobs", StatusEquals="Failed", NextToken=token)).after == Position(
        7.0, 3
    )
    with pytest.raises(ValidationException):
        query_of(call("ListTrainingJobs", NextToken=token))
