import pytest
from train_xgb.errors import NotAcceptableError, UnsupportedMediaTypeError
from train_xgb.media import CSV, JSON, JSON_LINES, Accepted, accepted, request_media_type


@pytest.mark.parametrize(
    "given", ["text/csv", "TEXT/CSV", "text/csv; charset=utf-8", 'text/csv;charset="UTF-8"']
)
def test_parameters_of_a_content_type_are_tolerated(given: str) -> None:
    assert request_media_type(given) == CSV


@pytest.mark.parametrize("given", [None, "", "text/plain", "application/x-npy", "text/csv; charset=latin-1"])
def test_other_content_types_are_refused(given: str | None) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        request_media_type(given)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON_LINES),
        ("", JSON_LINES),
        ("*/*", JSON_LINES),
        ("application/*", JSON_LINES),
        ("text/*", CSV),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ("image/png, text/csv;q=0.3, application/json;q=0.8", JSON),
        ("image/png, */*;q=0.1", JSON_LINES),
        ("application/json;q=0, text/csv", CSV),
    ],
)
def test_the_answer_has_the_best_format_that_is_accepted(accept: str | None, expected: str) -> None:
    assert accepted(accept, preferred=JSON_LINES) == Accepted(expected)


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/csv;q=x"])
def test_an_accept_that_cannot_be_met_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptableError):
        accepted(accept, preferred=CSV)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json;contributions=true", Accepted(JSON, contributions=True)),
        ('*/*; Contributions="TRUE"', Accepted(CSV, contributions=True)),
        ("application/json; contributions=false", Accepted(JSON)),
        ("image/png; contributions=true, application/json", Accepted(JSON)),
        ("text/csv; q=0.5, application/jsonlines; contributions=true; q=0.9", Accepted(JSON_LINES, True)),
    ],
)
def test_contributions_are_a_parameter_of_the_format_that_is_chosen(accept: str, expected: Accepted) -> None:
    assert accepted(accept, preferred=CSV) == expected
