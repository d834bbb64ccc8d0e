"""Changes in the emulator reach an EventBridge rule on LocalStack, in order, whatever happens between."""

from collections.abc import Callable

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.event_listener import Listener
from tests.support.localstack_calls import fresh

SPECIFICATION = {
    "Containers": [{"Image": "any:1", "ModelDataUrl": "s3://any/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


def approvals_of(emulator: Emulator, group: str) -> Listener:
    """What hears of one model package group's versions."""
    return Listener(
        emulator,
        {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {"ModelPackageGroupName": [group]},
        },
    )


def registered(emulator: Emulator, group: str) -> str:
    """A new version's ARN."""
    answer = emulator.client("sagemaker").create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=SPECIFICATION
    )
    arn: str = answer["ModelPackageArn"]
    return arn


def group_in(emulator: Emulator) -> str:
    """A new model package group."""
    name = fresh("group")
    emulator.client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    return name


def test_an_approval_is_an_event_of_sagemakers_in_aws_shape(emulator: Emulator) -> None:
    group = group_in(emulator)
    listener = approvals_of(emulator, group)

    arn = registered(emulator, group)
    emulator.client("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    _, approval = sorted(
        listener.listen(2), key=lambda event: event["detail"]["ModelApprovalStatus"], reverse=True
    )
    assert approval["source"] == "aws.sagemaker"
    assert approval["detail-type"] == "SageMaker Model Package State Change"
    assert approval["account"] == "000000000000"
    assert approval["region"] == "us-east-1"
    assert approval["resources"] == [arn]
    detail = approval["detail"]
    assert (detail["ModelPackageVersion"], detail["ModelApprovalStatus"]) == (1, "Approved")
    assert detail["InferenceSpecification"] == SPECIFICATION


def test_another_account_and_region_has_its_own_bus(emulator: Emulator) -> None:
    group = group_in(emulator)
    listener = approvals_of(emulator, group)
    elsewhere = emulator.client("sagemaker", region_name="eu-west-1", aws_access_key_id="111122223333")
    elsewhere.create_model_package_group(ModelPackageGroupName=group)
    elsewhere.create_model_package(ModelPackageGroupName=group, InferenceSpecification=SPECIFICATION)

    registered(emulator, group)

    # Told after the other's, and the only one that is heard here.
    assert [event["account"] for event in listener.listen(1)] == ["000000000000"]


def test_what_happens_while_localstack_is_away_or_the_emulator_is_killed_is_told_later(
    emulator_with: Callable[..., Emulator],
) -> None:
    emulator = emulator_with()
    group = group_in(emulator)
    listener = approvals_of(emulator, group)
    network = emulator.container.client.networks.get(emulator.network)

    network.disconnect(emulator.localstack.container)
    try:
        arns = [registered(emulator, group) for _ in range(3)]
        wait_until(
            lambda: True if "emitter.away" in emulator.logs() else None, "the emitter to notice the absence"
        )
        emulator.kill()
    finally:
        network.connect(emulator.localstack.container, aliases=["localstack"])
    emulator.restart()
    arns += [registered(emulator, group)]

    heard = listener.listen(4)
    assert sorted(event["resources"][0] for event in heard) == sorted(arns)


def test_each_event_is_told_once_while_nothing_goes_wrong(emulator: Emulator) -> None:
    group = group_in(emulator)
    listener = approvals_of(emulator, group)

    arns = [registered(emulator, group) for _ in range(25)]

    heard = [event["resources"][0] for event in listener.listen(len(arns))]
    assert sorted(heard) == sorted(arns)


def test_what_was_told_no_longer_waits(emulator: Emulator) -> None:
    count = (
        "import sqlite3; print(sqlite3.connect('/var/lib/slipway/state/slipway.db')"
        ".execute('SELECT count(*) FROM outbox').fetchone()[0])"
    )
    group = group_in(emulator)
    listener = approvals_of(emulator, group)
    registered(emulator, group)
    listener.listen(1)

    def is_empty() -> bool | None:
        _, said = emulator.container.exec_run(["python", "-c", count])
        return True if said == b"0\n" else None

    wait_until(is_empty, "the outbox to be empty")
