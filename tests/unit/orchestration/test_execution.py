from orchestration.execution import Execution, Step


def test_the_failed_step_is_found() -> None:
    steps = (
        Step("preprocess", "Processing", "Succeeded", 1.0, None, {}),
        Step("train", "Training", "Failed", 1.0, "no", {}),
    )
    execution = Execution("ABC", "Failed", steps)

    assert execution.failed_step == steps[1]
    assert execution.step("preprocess").has_container
    assert not execution.succeeded
