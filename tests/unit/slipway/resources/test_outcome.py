"""What the ends of a job's containers come to."""

import pytest
from slipway.resources.outcome import Cause, Exit, Outcome, algorithm_error, outcome_of


def test_all_hosts_must_end_well() -> None:
    outcome = outcome_of(Cause.EXITED, [Exit("algo-1", 0, 1.0, False), Exit("algo-2", 0, 2.0, False)])

    assert outcome.is_success
    assert not outcome.is_failure


def test_the_first_host_that_failed_is_the_reason_and_the_others_its_consequence() -> None:
    outcome = outcome_of(
        Cause.EXITED,
        [
            Exit("algo-1", 143, 9.0, False),
            Exit("algo-2", 3, 5.0, True),
            Exit("algo-3", 0, 1.0, False),
        ],
    )

    assert outcome.is_failure
    assert (outcome.failed_host, outcome.is_out_of_memory) == ("algo-2", True)
    assert outcome.exit_codes == {"algo-1": 143, "algo-2": 3, "algo-3": 0}


@pytest.mark.parametrize("cause", [Cause.STOPPED, Cause.TIME_LIMIT])
def test_what_we_ended_ourselves_is_neither_success_nor_failure(cause: Cause) -> None:
    outcome = outcome_of(cause, [Exit("algo-1", 143, 1.0, False)])

    assert not outcome.is_success
    assert not outcome.is_failure


def test_an_outcome_is_kept_whole() -> None:
    outcome = outcome_of(Cause.EXITED, [Exit("algo-1", 137, 1.0, True)])

    assert Outcome.from_document(outcome.to_document()) == outcome


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        # Recorded jobs (contracts, 1.6).
        ("ValueError: no rows", "AlgorithmError: ValueError: no rows, exit code: 1"),
        ("", "AlgorithmError: , exit code: 1"),
        ("two\nlines\n", "AlgorithmError: two\nlines, exit code: 1"),
    ],
)
def test_a_programs_failure_is_told_in_awss_form(text: str, reason: str) -> None:
    assert algorithm_error(text, 1) == reason


def test_a_long_reason_is_cut_to_the_models_length_and_keeps_the_exit_code() -> None:
    reason = algorithm_error("x" * 5000, 137)

    assert len(reason) == 1024
    assert reason.endswith("xx, exit code: 137")
