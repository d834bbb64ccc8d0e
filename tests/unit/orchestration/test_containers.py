from orchestration.containers import JobContainer, seconds_between

FINISHED = (
    "2026-01-01T00:00:00.000Z INFO split.done\n"
    "2026-01-01T00:00:01.000Z INFO job.finished kind=processing seconds=1.250\n"
)


def container(log: str, exit_code: int = 1, is_out_of_memory: bool = False) -> JobContainer:
    return JobContainer("abc", exit_code, 2.0, is_out_of_memory, log)


def test_work_seconds_are_the_jobs_own() -> None:
    assert container(FINISHED, exit_code=0).work_seconds == 1.25


def test_a_job_that_did_not_finish_has_no_workseconds_between() -> None:
    assert container("Killed\n").work_seconds is None


def test_the_reason_is_what_the_container_says_last() -> None:
    log = "INFO start\nTraining failed: eta must be a number.\nSecond line of it.\n"

    assert container(log).failure_reason == "eta must be a number.\nSecond line of it."


def test_without_a_reason_the_last_lines_are_quoted() -> None:
    reason = container("\n".join(f"line {number}" for number in range(50)), exit_code=3).failure_reason

    assert "exit code 3" in reason
    assert "line 49" in reason
    assert "line 10" not in reason


def test_a_silent_container_is_said_to_be_silent() -> None:
    assert "it wrote nothing" in container("").failure_reason


def test_memory_is_named() -> None:
    assert "ran out of memory" in container("", exit_code=137, is_out_of_memory=True).failure_reason


def test_dockers_nanoseconds_are_understood() -> None:
    # Docker leaves out trailing zeros, so the number of digits varies.
    assert seconds_between("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:01.623456Z") == 1.5
    assert seconds_between("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:02Z") == 1.5
    assert seconds_between("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:02Z") == 2.0


def test_a_container_that_never_started_took_no_time() -> None:
    assert seconds_between("2026-01-01T00:00:01Z", "0001-01-01T00:00:00Z") == 0.0
