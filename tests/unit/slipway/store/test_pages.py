"""Property: pages of any size, over any filter and order, give every row once and in order."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.resources.resource import Kind, Owner, Resource
from slipway.store.query import Query, SortBy, select
from slipway.store.store import Store

from tests.support.control_plane import MovableClock
from tests.support.rows import OWNER, job

STATUSES = ("InProgress", "Completed", "Failed")
# Few times and names, so that many rows are alike in what they are sorted by.
JOBS = st.lists(
    st.tuples(
        st.sampled_from(["a", "B", "ab", "Ba", "c-1", "C-2"]),
        st.sampled_from([1.0, 2.0, 2.5]),
        st.sampled_from(STATUSES),
        st.sampled_from(["", "group-1", "group-2"]),
        st.sampled_from(["", "Approved"]),
    ),
    max_size=25,
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "name_contains": st.sampled_from(["a", "-", "B", "none"]),
        "status": st.sampled_from(STATUSES),
        "parent": st.sampled_from(["group-1", ""]),
        "has_parent": st.booleans(),
        "label": st.sampled_from(["Approved", ""]),
        "label_after": st.sampled_from(["A", "B"]),
        "label_before": st.sampled_from(["A", "B"]),
        "created_after": st.sampled_from([0.5, 1.0, 2.0]),
        "created_before": st.sampled_from([2.0, 2.5, 3.0]),
        "modified_after": st.sampled_from([1.0, 2.0]),
        "modified_before": st.sampled_from([2.0, 3.0]),
    },
)


@contextmanager
def new_store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        yield Store(Path(folder) / "slipway.db", MovableClock(), lambda _before, _after: ())


def kept(resource: Resource, parent: str, label: str, filters: dict[str, Any]) -> bool:
    """The filters of the List operations, read from the API reference and not from SQL."""
    checks: dict[str, Callable[[Any], bool]] = {
        "name_contains": lambda value: value in resource.name,
        "status": lambda value: resource.status == value,
        "parent": lambda value: parent == value,
        "has_parent": lambda value: bool(parent) is value,
        "label": lambda value: label == value,
        "label_after": lambda value: label > value,
        "label_before": lambda value: label < value,
        "created_after": lambda value: resource.created_at > value,
        "created_before": lambda value: resource.created_at < value,
        "modified_after": lambda value: resource.modified_at > value,
        "modified_before": lambda value: resource.modified_at < value,
    }
    return all(checks[name](value) for name, value in filters.items())


def sort_key(resource: Resource, label: str, sort_by: SortBy) -> Any:
    if sort_by is SortBy.SCHEDULED_TIME:
        return label
    value = getattr(resource, sort_by.value)
    return value.lower() if sort_by is SortBy.NAME else value


@settings(deadline=None, max_examples=60)
@given(
    jobs=JOBS,
    filters=FILTERS,
    sort_by=st.sampled_from(list(SortBy)),
    descending=st.booleans(),
    limit=st.integers(1, 7),
    added_meanwhile=st.lists(st.sampled_from([1.0, 2.0, 9.0]), max_size=3),
)
def test_every_row_comes_once_and_in_order_though_others_are_added_meanwhile(
    jobs: list[tuple[str, float, str, str, str]],
    filters: dict[str, Any],
    sort_by: SortBy,
    descending: bool,
    limit: int,
    added_meanwhile: list[float],
) -> None:
    numbers = count()
    with new_store() as store:
        rows = [
            (store.create(job(f"{name}{next(numbers)}", created, status), (), parent, label), parent, label)
            for name, created, status, parent, label in jobs
        ]
        found = [(row, label) for row, parent, label in rows if kept(row, parent, label, filters)]
        # The rows are in the order of their sequence; sorting is stable.
        found.sort(key=lambda each: sort_key(each[0], each[1], sort_by))
        expected = [row for row, _label in found]
        query = Query(limit=limit, sort_by=sort_by, descending=descending, **filters)

        got: list[Resource] = []
        more = iter(added_meanwhile)
        # A page that led back to itself would never end.
        for _ in range(len(jobs) + len(added_meanwhile) + 1):
            page = store.page(OWNER, Kind.PROCESSING_JOB, query)
            assert len(page.resources) <= limit
            got += page.resources
            if page.next is None:
                break
            query = replace(query, after=page.next)
            for created in more:
                store.create(job(f"later{next(numbers)}", created, "InProgress"))
                break

    old = [resource for resource in got if not resource.name.startswith("later")]
    if descending:
        # Rows that are alike come in the opposite order as well.
        expected.reverse()
    assert [row.name for row in old] == [row.name for row in expected]
    assert len({row.name for row in got}) == len(got)


def test_other_owners_and_other_kinds_are_not_listed(tmp_path: Path) -> None:
    store = Store(tmp_path / "slipway.db", MovableClock(), lambda _before, _after: ())
    store.create(job("mine"))
    other = Owner("210987654321", "eu-west-1")
    store.create(replace(job("theirs"), key=replace(job("theirs").key, owner=other)))

    assert [row.name for row in store.page(OWNER, Kind.PROCESSING_JOB, Query()).resources] == ["mine"]
    assert store.page(OWNER, Kind.TRAINING_JOB, Query()).resources == ()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort_by", list(SortBy))
@pytest.mark.parametrize("later", [False, True], ids=["first page", "later page"])
def test_a_page_of_100_out_of_10000_is_read_from_an_index(
    tmp_path: Path, sort_by: SortBy, descending: bool, later: bool
) -> None:
    store = Store(tmp_path / "slipway.db", MovableClock(), lambda _before, _after: ())
    with store.all_or_nothing():
        for number in range(10_000):
            store.create(job(f"job-{number:05}", number, STATUSES[number % 3]))
    query = Query(limit=100, sort_by=sort_by, descending=descending)
    if later:
        query = replace(query, after=store.page(OWNER, Kind.PROCESSING_JOB, query).next)

    statement, values = select(OWNER, Kind.PROCESSING_JOB, query)
    with closing(sqlite3.connect(tmp_path / "slipway.db")) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    # Neither a walk through the table nor a sort of what was found.
    assert all(step.startswith("SEARCH resources USING INDEX") for step in plan), plan
    assert len(store.page(OWNER, Kind.PROCESSING_JOB, query).resources) == 100
