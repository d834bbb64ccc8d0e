"""What a processing job's end is made of."""

import pytest
from slipway.executors.processing_job import message_text


def test_a_message_is_its_first_kilobyte() -> None:
    assert message_text(b"all well") == "all well"
    assert message_text(b"x" * 5000) == "x" * 1024


def test_a_character_that_the_cut_goes_through_is_left_out() -> None:
    message = ("x" * 1023 + "ü").encode()

    assert message_text(message) == "x" * 1023


@pytest.mark.parametrize("message", [b"\xff", b"abc\xc3", b"x" * 100 + b"\xff" + b"x" * 2000])
def test_a_message_that_is_no_text_is_refused(message: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        message_text(message)
