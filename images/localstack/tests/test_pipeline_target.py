import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from localstack.services.events.models import ValidationException
from localstack.utils.xray.trace_header import TraceHeader
from slipway_localstack import pipeline_target
from slipway_localstack.deliveries import DeliveryError
from slipway_localstack.emulator import Answer
from slipway_localstack.pipeline_target import PipelineTargetSender

RULE_ARN = "arn:aws:events:us-east-1:000000000000:rule/new-rows"
PIPELINE_ARN = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/Pipeline-1"
ROLE_ARN = "arn:aws:iam::111122223333:role/any"
EVENT = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "resources": ["arn:aws:s3:::rows"],
    "detail": {
        "bucket": {"name": "rows"},
        "object": {"key": "raw/März 1.csv", "size": 8, "version-id": "v1"},
        "reasons": ["a", "b"],
        "none": None,
        "is-new": True,
    },
}


@dataclass
class Recorder:
    """Stands where the emulator is, keeps what it was asked, and answers all of it alike."""

    answer: Answer = field(default_factory=lambda: Answer(200, [], b"{}"))
    asked: list[tuple[str, str, dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def ask(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        self.asked.append((method, target, dict(headers), json.loads(body)))
        return self.answer


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(pipeline_target, "ask_the_emulator", lambda: made.ask)
    return made


def sender(rule_arn: str = RULE_ARN, **target: Any) -> PipelineTargetSender:
    given = {"Id": "pipeline", "Arn": PIPELINE_ARN, "RoleArn": ROLE_ARN} | target
    return PipelineTargetSender(given, rule_arn, "new-rows", "sagemaker", "us-east-1", "000000000000")


def parameters(**values: str) -> dict[str, Any]:
    listed = [{"Name": name, "Value": value} for name, value in values.items()]
    return {"SageMakerPipelineParameters": {"PipelineParameterList": listed}}


def send(to: PipelineTargetSender, **changes: Any) -> None:
    to.process_event(EVENT | changes, TraceHeader())


def test_an_event_starts_an_execution_where_the_pipeline_is(recorder: Recorder) -> None:
    send(sender())

    [(method, target, headers, request)] = recorder.asked
    assert (method, target, headers["X-Amz-Target"]) == ("POST", "/", "SageMaker.StartPipelineExecution")
    # The pipeline's account and region, not the bus's.
    assert re.search(
        r"Credential=111122223333/\d{8}/eu-west-1/sagemaker/aws4_request", headers["Authorization"]
    )
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert (request["PipelineName"], request["PipelineParameters"]) == ("Pipeline-1", [])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("s3://bucket/fixed", "s3://bucket/fixed"),
        ("5 $ a row", "5 $ a row"),
        ("", ""),
        ("$.detail.object.key", "raw/März 1.csv"),
        ("$.detail.object.version-id", "v1"),
        ("$.detail-type", "Object Created"),
        ("$.resources[0]", "arn:aws:s3:::rows"),
        ("$.detail.object.size", "8"),
        ("$.detail.is-new", "true"),
        ("$.detail.none", "null"),
        ("$.detail.bucket", '{"name":"rows"}'),
        ("$.detail.reasons", '["a","b"]'),
        ("$.detail.reasons[*]", '["a","b"]'),
    ],
)
def test_a_value_is_a_text_or_a_path_into_the_event(recorder: Recorder, written: str, expected: str) -> None:
    send(sender(**parameters(Given=written)))

    [(_, _, _, request)] = recorder.asked
    assert request["PipelineParameters"] == [{"Name": "Given", "Value": expected}]


def test_the_whole_event_is_a_value_too(recorder: Recorder) -> None:
    send(sender(**parameters(Event="$")))

    [(_, _, _, request)] = recorder.asked
    assert json.loads(request["PipelineParameters"][0]["Value"]) == EVENT


def test_other_targets_forms_of_input_change_nothing(recorder: Recorder) -> None:
    send(sender(Input='{"detail": {"object": {"key": "other"}}}', **parameters(Key="$.detail.object.key")))

    [(_, _, _, request)] = recorder.asked
    assert request["PipelineParameters"] == [{"Name": "Key", "Value": "raw/März 1.csv"}]


def test_an_event_that_is_delivered_again_has_the_same_token_and_no_other_has(recorder: Recorder) -> None:
    once, elsewhere, by_another_rule = sender(), sender(Id="second"), sender(rule_arn=f"{RULE_ARN}-2")
    send(once)
    send(once)
    send(once, id="another")
    send(elsewhere)
    send(by_another_rule)

    first, again, *others = [request["ClientRequestToken"] for _, _, _, request in recorder.asked]
    assert first == again
    assert len({first, *others}) == 4
    # StartPipelineExecution's model, IdempotencyToken.
    assert 32 <= len(first) <= 128


def test_what_a_rules_own_schedule_sends_in_an_events_place_starts_an_execution_each_time(
    recorder: Recorder,
) -> None:
    # LocalStack's scheduled rules send a target's Input, which has no id.
    scheduled = sender(**parameters(First="$[0]"))
    for _ in range(2):
        scheduled.process_event(["monday"], TraceHeader())

    requests = [request for _, _, _, request in recorder.asked]
    assert [each["PipelineParameters"] for each in requests] == [[{"Name": "First", "Value": "monday"}]] * 2
    assert len({each["ClientRequestToken"] for each in requests}) == 2


def test_a_path_that_leads_nowhere_starts_nothing_and_is_named(recorder: Recorder) -> None:
    with pytest.raises(DeliveryError, match=r"Version: nothing is at \$\.detail\.version in event 6a7e"):
        send(sender(**parameters(Version="$.detail.version")))

    assert recorder.asked == []


@pytest.mark.parametrize(
    ("status", "code", "is_transient"),
    [
        (400, "ResourceNotFound", False),
        (400, "ValidationException", False),
        (429, "ThrottlingException", True),
        (500, "InternalFailure", True),
        # No emulator is configured.
        (501, "InternalFailure", False),
        (503, "ServiceUnavailable", True),
    ],
)
def test_a_refusal_is_told_with_its_code_and_whether_to_try_again(
    recorder: Recorder, status: int, code: str, is_transient: bool
) -> None:
    recorder.answer = Answer(status, [("x-amzn-errortype", code)], b'{"message": "not now"}')

    with pytest.raises(DeliveryError, match=r"^not now$") as failed:
        send(sender())

    assert (failed.value.code, failed.value.is_transient) == (code, is_transient)


def test_an_underscore_that_a_pipeline_allows_is_refused_as_by_eventbridge() -> None:
    with pytest.raises(ValidationException) as refused:
        sender(**parameters(Fine="x", Input_Uri="x"))

    # The pattern is that of events' model, SageMakerPipelineParameterName.
    assert refused.value.message == (
        "1 validation error detected: Value 'Input_Uri' at 'targets.1.member.sageMakerPipelineParameters."
        "pipelineParameterList.2.member.name' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"RoleArn": None}, f"RoleArn is required for target {PIPELINE_ARN}."),
        (
            {"Arn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/e"},
            "Parameter arn:aws:sagemaker:us-east-1:000000000000:endpoint/e is not valid. "
            "Reason: SageMaker's only targets are pipelines.",
        ),
        (parameters(Key="$.detail["), "Invalid JSONPath '$.detail[' of pipeline parameter Key."),
    ],
)
def test_a_target_that_could_start_nothing_is_refused(target: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as refused:
        sender(**target)

    assert refused.value.message == message
