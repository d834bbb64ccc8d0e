"""What a runtime asks and says, and what becomes of the invocations."""

from collections.abc import Callable

import pytest
from slipway.resources.function_invocation import Ending, FunctionInvocation, RuntimeAnswer
from slipway.runtime.function_session import FunctionSession

INVOCATION = FunctionInvocation("id-1", b"{}", "arn", timeout_seconds=3)


def nothing(_moment: float) -> None:
    """Nobody keeps a log."""


@pytest.fixture
def session() -> FunctionSession:
    return FunctionSession(now=lambda: 1000.0)


@pytest.mark.parametrize("asks_first", [True, False])
def test_whoever_comes_first_waits_for_the_other(session: FunctionSession, asks_first: bool) -> None:
    if asks_first:
        question = session.next()
        session.begin(INVOCATION, nothing)
    else:
        session.begin(INVOCATION, nothing)
        question = session.next()

    handed = question.result(0)

    # Three seconds from now, in milliseconds.
    assert (handed.invocation, handed.deadline_ms) == (INVOCATION, 1_003_000)


def test_the_moment_is_told_before_the_runtime_has_the_invocation(session: FunctionSession) -> None:
    question, seen = session.next(), []

    session.begin(INVOCATION, lambda moment: seen.append((moment, question.done())))

    assert seen == [(1000.0, False)]


def test_a_result_an_error_and_a_result_that_is_too_large_end_it(session: FunctionSession) -> None:
    endings = []
    ways: list[Callable[[], bool]] = [
        lambda: session.respond("id-1", b"1"),
        lambda: session.fail("id-1", b"2"),
        lambda: session.respond_too_much("id-1"),
    ]
    for say in ways:
        session.next()
        turn = session.begin(INVOCATION, nothing)
        assert say()
        endings.append(turn.answer.result(0))

    assert endings == [
        RuntimeAnswer(Ending.RESULT, b"1"),
        RuntimeAnswer(Ending.ERROR, b"2"),
        RuntimeAnswer(Ending.TOO_LARGE),
    ]


def test_only_the_invocation_that_was_handed_over_can_be_answered_and_once(session: FunctionSession) -> None:
    turn = session.begin(INVOCATION, nothing)

    assert not session.respond("id-1", b"too early")
    session.next()
    assert not session.respond("another", b"of another")
    assert session.respond("id-1", b"1")
    assert not session.respond("id-1", b"again")
    assert turn.answer.result(0).body == b"1"


def test_a_question_that_nobody_waits_for_any_more_loses_nothing(session: FunctionSession) -> None:
    session.next().cancel()

    turn = session.begin(INVOCATION, nothing)

    assert not turn.begun.done()
    assert session.next().result(0).invocation == INVOCATION


def test_a_container_that_ends_at_work_ends_the_work(session: FunctionSession) -> None:
    session.next()
    turn = session.begin(INVOCATION, nothing)

    session.end()

    assert turn.answer.result(0).ending is Ending.EXIT


def test_a_container_that_never_asked_for_work_ends_it_too(session: FunctionSession) -> None:
    turn = session.begin(INVOCATION, nothing)

    session.end()

    assert turn.answer.result(0).ending is Ending.EXIT


def test_work_that_a_warm_container_has_not_seen_is_another_ones(session: FunctionSession) -> None:
    session.next()
    session.begin(INVOCATION, nothing)
    session.respond("id-1", b"1")
    turn = session.begin(INVOCATION, nothing)

    session.end()

    assert turn.answer.result(0).ending is Ending.NOT_BEGUN
    assert session.begin(INVOCATION, nothing).answer.result(0).ending is Ending.NOT_BEGUN


def test_a_runtime_that_cannot_begin_says_why(session: FunctionSession) -> None:
    turn = session.begin(INVOCATION, nothing)

    session.fail_init(b'{"errorType": "Runtime.ImportModuleError"}')
    session.end()

    expected = RuntimeAnswer(Ending.INIT_ERROR, b'{"errorType": "Runtime.ImportModuleError"}')
    assert turn.answer.result(0) == expected


def test_who_asks_when_the_container_ends_is_let_go(session: FunctionSession) -> None:
    question = session.next()

    session.end()

    assert question.cancelled()
