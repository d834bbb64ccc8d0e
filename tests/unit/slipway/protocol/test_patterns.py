"""The models' patterns are Java's; Python reads every one of them as Java does."""

import re

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st
from slipway.protocol.patterns import SAME_IN_ONE_WAY, java_pattern
from slipway.protocol.service_model import REST_SERVICES, SAGEMAKER

PATTERNS = sorted(
    {
        shape["pattern"]
        for service in (SAGEMAKER, *REST_SERVICES)
        for shape in Loader().load_service_model(service, "service-2")["shapes"].values()
        if "pattern" in shape
    }
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_of_the_models_can_be_read(pattern: str) -> None:
    java_pattern(pattern)


TAG_KEY = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
DESCRIPTION = r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (TAG_KEY, "Umsatz Größe 2/π@x", True),
        (TAG_KEY, "exclaimed!", False),
        (TAG_KEY, "a\tb", False),
        (TAG_KEY, "a\N{NO-BREAK SPACE}b", True),
        (DESCRIPTION, "Preis: 3 € (geschätzt) \N{ROCKET}", True),
        (DESCRIPTION, "line\nbreak", False),
        (r"\p{ASCII}*", "tab\tand~", True),
        (r"\p{ASCII}*", "é", False),
        (r"\A\S[\p{Print}]*\z", "a b", True),
        (r"\A\S[\p{Print}]*\z", " b", False),
        (r"\A\S[\p{Print}]*\z", "a\n", False),
        (r"arn:[\p{Alnum}\-]+:lambda:.*", "arn:aws-cn:lambda:x", True),
        (r"arn:[\p{Alnum}\-]+:lambda:.*", "arn:a_b:lambda:x", False),
        # Java's \d, \w and \s know ASCII alone.
        (r"\d+", "١٢", False),
        (r"\w+", "größe", False),
        (r"(\p{L})${1,128}", "ä", True),
        ("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\t]*", "a\N{ROCKET}", True),
        ("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\t]*", "a\0", False),
    ],
)
def test_java_classes_mean_what_they_mean_in_java(pattern: str, text: str, fits: bool) -> None:
    assert (java_pattern(pattern).fullmatch(text) is not None) is fits


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_keeps_a_thread_for_ever(pattern: str) -> None:
    beginnings = ("", "https://", "s3://", "arn:aws:iam::123456789012:role/")
    repeated = ("a", "-", "0", "a-", "a.", "a/", ".", "/", " ")

    # A pattern that can match in too many ways does not come back from one of these.
    for text in (f"{begin}{unit * 100}\n!" for begin in beginnings for unit in repeated):
        java_pattern(pattern).fullmatch(text)


@pytest.mark.parametrize("pattern", SAME_IN_ONE_WAY)
@given(st.data())
def test_what_was_rewritten_matches_the_same_texts(pattern: str, data: st.DataObject) -> None:
    text = data.draw(
        st.text("a0-./_", max_size=9).map(lambda text: f"https://{text}" if "https" in pattern else text)
    )

    assert bool(java_pattern(pattern).fullmatch(text)) == bool(re.fullmatch(pattern, text))
