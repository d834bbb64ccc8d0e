"""A token leads to the page after, of the same list, and of no other."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import ValidationException
from slipway.protocol.pages import read_token, write_token
from slipway.store.query import Position

POSITIONS = st.builds(
    Position,
    st.text() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 2**63 - 1),
)


@given(position=POSITIONS, size=st.integers(1, 100))
def test_a_token_leads_back_whatever_the_size_of_the_page(position: Position, size: int) -> None:
    token = write_token("ListModels", {"NameContains": "a", "MaxResults": 5}, position)

    assert read_token("ListModels", {"NameContains": "a", "MaxResults": size, "NextToken": token}) == position


def test_the_first_page_needs_no_token_and_the_last_gives_none() -> None:
    assert read_token("ListModels", {}) is None
    assert write_token("ListModels", {}, None) is None


@pytest.mark.parametrize(
    ("operation", "parameters"), [("ListEndpoints", {}), ("ListModels", {"NameContains": "b"})]
)
def test_a_token_of_another_list_is_refused(operation: str, parameters: dict[str, str]) -> None:
    token = write_token("ListModels", {}, Position("x", 1))

    with pytest.raises(ValidationException, match="Invalid pagination token"):
        read_token(operation, {**parameters, "NextToken": token})


@given(
    st.text(min_size=1)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)
    ).map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode())
)
def test_what_was_never_a_token_is_refused(token: str) -> None:
    with pytest.raises(ValidationException, match="Invalid pagination token"):
        read_token("ListModels", {"NextToken": token})


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_a_token_that_was_tampered_with_is_refused(value: object) -> None:
    token = write_token("ListModels", {}, Position("x", 1))
    assert token is not None
    fingerprint, _value, sequence = json.loads(base64.urlsafe_b64decode(token))
    other = base64.urlsafe_b64encode(json.dumps([fingerprint, value, sequence]).encode()).decode()

    with pytest.raises(ValidationException, match="Invalid pagination token"):
        read_token("ListModels", {"NextToken": other})
