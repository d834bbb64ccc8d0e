"""Changes in the emulator reach an EventBridge rule on LocalStack, in order, whatever happens between."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh, queue_in

SPECIFICATION = {
    "Containers": [{"Image": "any:1", "ModelDataUrl": "s3://any/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


class Listener:
    """A queue with the events of one model package group."""

    def __init__(self, emulator: Emulator, group: str) -> None:
        localstack = emulator.localstack
        self._sqs = localstack.client("sqs")
        self._url, arn = queue_in(localstack)
        events, rule = localstack.client("events"), fresh("rule")
        pattern = {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {"ModelPackageGroupName": [group]},
        }
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
        self.heard: list[dict[str, Any]] = []

    def listen(self, count: int) -> list[dict[str, Any]]:
        """The events so far, once there are `count`."""

        def enough() -> bool | None:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", ()):
                self.heard.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            return True if len(self.heard) >= count else None

        wait_until(enough, f"{count} events, having heard {self.heard}")
        return self.heard


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
    listener = Listener(emulator, group)

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
    listener = Listener(emulator, group)
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
    listener = Listener(emulator, group)
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
    listener = Listener(emulator, group)

    arns = [registered(emulator, group) for _ in range(25)]

    heard = [event["resources"][0] for event in listener.listen(len(arns))]
    assert sorted(heard) == sorted(arns)


def test_what_was_told_no_longer_waits(emulator: Emulator) -> None:
    count = (
        "import sqlite3; print(sqlite3.connect('/var/lib/slipway/state/slipway.db')"
        ".execute('SELECT count(*) FROM outbox').fetchone()[0])"
    )
    group = group_in(emulator)
    listener = Listener(emulator, group)
    registered(emulator, group)
    listener.listen(1)

    def is_empty() -> bool | None:
        _, said = emulator.container.exec_run(["python", "-c", count])
        return True if said == b"0\n" else None

    wait_until(is_empty, "the outbox to be empty")
