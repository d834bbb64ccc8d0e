import pytest
from train_deepar.errors import NotAcceptableError, UnsupportedMediaTypeError
from train_deepar.media import JSON, JSON_LINES, accepted, request_media_type


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [(JSON, JSON), ("Application/JSON; charset=UTF-8", JSON), ("application/jsonlines", JSON_LINES)],
)
def test_both_formats_are_read_in_utf_8(content_type: str, media_type: str) -> None:
    assert request_media_type(content_type) == media_type


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        (None, "no Content-Type"),
        ("text/csv", "'text/csv' is not read here; use application/json"),
        ("application/json; charset=latin-1", "charset latin-1"),
    ],
)
def test_other_formats_are_refused_by_name(content_type: str | None, reason: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match=reason):
        request_media_type(content_type)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON_LINES, JSON_LINES),
        ("application/json;q=0.2, application/jsonlines;q=0.8", JSON_LINES),
        ("image/png, application/jsonlines;q=0.1", JSON_LINES),
    ],
)
def test_the_answer_has_the_best_format_that_is_accepted(accept: str | None, media_type: str) -> None:
    assert accepted(accept, preferred=JSON) == media_type


@pytest.mark.parametrize("accept", ["text/csv", "application/json;q=0", "application/json;q=often"])
def test_where_none_is_accepted_that_is_said(accept: str) -> None:
    with pytest.raises(NotAcceptableError, match="use application/json, application/jsonlines"):
        accepted(accept, preferred=JSON)
