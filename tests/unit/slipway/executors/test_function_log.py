"""In which order a container's lines and Lambda's own are written."""

import pytest
from slipway.executors.function_log import TAIL_BYTES, Clerk, FunctionLog

from tests.support.containers import wait_until


class Page:
    """A log, and what was written of it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.log = FunctionLog(lambda _moment, text: self.texts.append(text))


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_mark_waits_for_what_was_said_before_it(page: Page) -> None:
    page.log.mark(1.0, lambda: ["START"])
    page.log.mark(2.0, lambda: ["END", "REPORT"])
    page.log.line(1.5, "said before the end")
    page.log.line(2.5, "said after it")

    assert page.texts == ["START", "said before the end", "END", "REPORT", "said after it"]


def test_a_mark_is_written_once_nothing_before_it_can_still_come(page: Page) -> None:
    first = page.log.mark(1.0, lambda: ["END"])
    second = page.log.mark(2.0, lambda: ["START"])

    page.log.settle(1.0)

    assert (page.texts, first.is_set(), second.is_set()) == (["END"], True, False)


def test_what_a_mark_says_is_asked_when_it_is_written(page: Page) -> None:
    figures = ["too early"]
    page.log.mark(1.0, lambda: figures)

    figures[0] = "known by now"
    page.log.settle(1.0)

    assert page.texts == ["known by now"]


def test_the_end_of_the_container_writes_all_of_them(page: Page) -> None:
    done = page.log.mark(9.0, lambda: ["END"])

    page.log.finish()

    assert page.texts == ["END"]
    assert done.is_set()


def test_the_tail_begins_with_the_last_invocation_and_is_its_last_4_kb(page: Page) -> None:
    page.log.line(0.5, "of an earlier one")
    page.log.mark(1.0, lambda: ["START RequestId: any"])
    page.log.line(1.5, "hello")

    assert page.log.tail() == b"START RequestId: any\nhello\n"

    page.log.line(1.6, "x" * 2 * TAIL_BYTES)
    # Invoke answers 4 KB (API reference, LogResult).
    assert len(page.log.tail()) == TAIL_BYTES == 4096


def test_the_clerk_settles_after_what_has_to_be_done_before(page: Page) -> None:
    clerk = Clerk()
    clerk.start()
    done = page.log.mark(1.0, lambda: ["END"])

    clerk.settle_later(page.log, 1.0, lambda: page.texts.append("measured"))
    wait_until(lambda: done.is_set() or None, "the mark to be written")
    clerk.close()

    assert page.texts == ["measured", "END"]
