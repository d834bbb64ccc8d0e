import io

from orchestration.console import Console, table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_is_one_line_with_its_time() -> None:
    stream = io.StringIO()
    console = Console(stream)

    console.step("train")
    console.done("12 trees")

    assert stream.getvalue() == "  train               0.0 s   12 trees\n"


def test_on_a_terminal_the_line_shows_that_something_goes_on() -> None:
    stream = Terminal()
    console = Console(stream)

    console.step("train")

    assert stream.getvalue().endswith("…")


def test_a_step_that_nobody_ended_has_failed() -> None:
    stream = io.StringIO()
    console = Console(stream)

    console.step("train")
    console.line("over")

    assert "failed" in stream.getvalue().splitlines()[0]


def test_a_failure_is_said_once() -> None:
    stream = io.StringIO()
    console = Console(stream)

    console.step("train")
    console.failed()
    console.failed()

    assert stream.getvalue().count("failed") == 1


def test_what_others_have_done_has_the_time_that_it_took_there() -> None:
    stream = io.StringIO()
    console = Console(stream)

    console.running(("train", "evaluate"))
    console.ended("train", 2.34, "cached")

    assert stream.getvalue() == "  train               2.3 s   cached\n"


def test_on_a_terminal_it_is_said_what_others_are_at_work_on() -> None:
    stream = Terminal()
    console = Console(stream)

    console.running(("train", "evaluate"))

    assert stream.getvalue().endswith("train, evaluate  …")


def test_columns_stand_under_each_other() -> None:
    assert table([("a", "bb", "c"), ("aaa", "b", "free text"), ("alone",)]) == [
        "  a    bb  c",
        "  aaa  b   free text",
        "  alone",
    ]
