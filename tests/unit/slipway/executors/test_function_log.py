"""In which order a container's lines and Lambda's own are written."""

import pytest
from slipway.executors.function_log import TAIL_BYTES, Clerk, FunctionLog

from tests.support.containers import wait_until


class Page:
    """A log, and what was written of it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.moments: list[float] = []
        self.log = FunctionLog(self._write)

    def _write(self, moment: float, text: str) -> None:
        self.moments.append(moment)
        self.texts.append(text)


@pytest.fixture
def page() -> Page:
    return Page()


def test_an_invocations_lines_are_between_its_begin_and_its_end(page: Page) -> None:
    page.log.mark(1.0, lambda: ["START"], is_begin=True)
    page.log.line(1.5, "one")
    page.log.mark(2.0, lambda: ["END", "REPORT"])
    page.log.mark(3.0, lambda: ["START again"], is_begin=True)
    # Stamped by the engine when the invocation had ended.
    page.log.line(2.5, "two")
    page.log.line(3.5, "three")

    assert page.texts == ["START", "one", "two", "END", "REPORT", "START again", "three"]
    assert page.moments == sorted(page.moments)


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
    page.log.mark(1.0, lambda: ["START RequestId: any"], is_begin=True)
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
