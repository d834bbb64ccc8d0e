from collections.abc import Callable
from typing import Any

import pytest
from localstack.aws.api import RequestContext
from localstack.aws.api.events import RuleState
from localstack.services.events.models import ValidationException, events_stores
from localstack.services.events.provider import EventsProvider
from localstack.services.events.scheduler import JobScheduler
from localstack.services.providers import events as events_of_localstack
from localstack.utils.xray.trace_header import TraceHeader
from slipway_localstack.deliveries import Delivery
from slipway_localstack.events import ReliableEventsProvider
from slipway_localstack.pipeline_target import PipelineTargetSender
from slipway_localstack.providers import events

# LocalStack's own modules use what Python and it itself have given up.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:localstack.*")
ACCOUNT, REGION, RULE = "000000000000", "us-east-1", "new-rows"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/any"
PIPELINE = {"Id": "pipeline", "Arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/p", "RoleArn": ROLE_ARN}
QUEUE = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}


@pytest.fixture
def context() -> RequestContext:
    call = RequestContext(None)
    call.account_id, call.partition, call.region = ACCOUNT, "aws", REGION
    return call


@pytest.fixture
def provider(context: RequestContext) -> ReliableEventsProvider:
    """EventBridge with one rule."""
    events_stores.reset()
    made = ReliableEventsProvider()
    made.put_rule(context, name=RULE, event_pattern='{"source": ["rows"]}')
    return made


def targets(provider: EventsProvider, context: RequestContext) -> list[str]:
    return [target["Id"] for target in provider.list_targets_by_rule(context, RULE)["Targets"]]


def test_the_service_has_all_of_localstacks_operations() -> None:
    ours, theirs = (
        each.factory().create_service().skeleton.dispatch_table for each in (events, events_of_localstack)
    )

    assert ours.keys() == theirs.keys()
    assert ours["PutTargets"] != theirs["PutTargets"]


def test_a_pipeline_is_a_target(provider: ReliableEventsProvider, context: RequestContext) -> None:
    put = provider.put_targets(context, RULE, [PIPELINE])

    [sender] = provider._target_sender_store.values()
    assert put["FailedEntryCount"] == 0
    assert isinstance(sender, PipelineTargetSender)
    assert isinstance(sender.process_event, Delivery)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (PIPELINE | {"RoleArn": ""}, "RoleArn is required"),
        ({"Id": "c", "Arn": f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:p"}, "there is no codepipeline"),
        ({"Id": "c", "Arn": "somewhere"}, "Provided Arn is not in correct format"),
    ],
)
def test_a_target_that_is_refused_is_not_kept_and_neither_are_those_beside_it(
    provider: ReliableEventsProvider, context: RequestContext, target: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationException, match=message):
        provider.put_targets(context, RULE, [QUEUE, target])

    assert targets(provider, context) == []


def test_a_rule_that_is_disabled_delivers_nothing(
    provider: ReliableEventsProvider, context: RequestContext
) -> None:
    delivered: list[str] = []
    provider.put_targets(context, RULE, [QUEUE])
    [sender] = provider._target_sender_store.values()
    sender.process_event = lambda event, _: delivered.append(event["id"])
    rule = provider.get_event_bus("default", provider.get_store(REGION, ACCOUNT)).rules[RULE]

    for identity, state in (("1", RuleState.ENABLED), ("2", RuleState.DISABLED), ("3", RuleState.ENABLED)):
        rule.state = state
        event = {"id": identity, "source": "rows", "detail": {}}
        provider._process_rules(rule, REGION, ACCOUNT, event, TraceHeader())

    assert delivered == ["1", "3"]


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets every job of LocalStack's scheduler run, as if its minute had come."""
    scheduler = JobScheduler()
    monkeypatch.setattr(JobScheduler, "_instance", scheduler)

    def run() -> None:
        for job in scheduler.jobs:
            if job.is_enabled:
                job.job_func()

    return run


def delivered_by(provider: ReliableEventsProvider) -> list[Any]:
    """What the rule's only target gets from now on."""
    delivered: list[Any] = []
    [sender] = provider._target_sender_store.values()
    sender.process_event = lambda event, **_: delivered.append(event["detail-type"])
    return delivered


HOURLY = {"name": "hourly", "schedule_expression": "rate(1 hour)"}


def test_a_schedule_delivers_once_however_often_its_targets_are_put(
    provider: ReliableEventsProvider, context: RequestContext, tick: Callable[[], None]
) -> None:
    provider.put_rule(context, **HOURLY)
    for _ in range(3):
        provider.put_targets(context, "hourly", [QUEUE])
    delivered = delivered_by(provider)

    tick()

    assert delivered == ["Scheduled Event"]


def test_a_schedule_that_is_changed_keeps_its_targets_and_forgets_the_old_times(
    provider: ReliableEventsProvider, context: RequestContext, tick: Callable[[], None]
) -> None:
    provider.put_rule(context, **HOURLY)
    provider.put_targets(context, "hourly", [QUEUE])
    provider.put_rule(context, name="hourly", schedule_expression="rate(1 day)")
    delivered = delivered_by(provider)

    tick()

    assert delivered == ["Scheduled Event"]


def test_a_schedule_that_was_made_disabled_delivers_once_it_is_enabled(
    provider: ReliableEventsProvider, context: RequestContext, tick: Callable[[], None]
) -> None:
    provider.put_rule(context, **HOURLY, state=RuleState.DISABLED)
    provider.put_targets(context, "hourly", [QUEUE])
    delivered = delivered_by(provider)

    tick()
    assert delivered == []
    provider.enable_rule(context, name="hourly")
    tick()
    assert len(delivered) == 1


def test_a_schedule_that_is_disabled_replaced_by_a_pattern_or_deleted_delivers_nothing(
    provider: ReliableEventsProvider, context: RequestContext, tick: Callable[[], None]
) -> None:
    provider.put_rule(context, **HOURLY)
    provider.put_targets(context, "hourly", [QUEUE])
    delivered = delivered_by(provider)

    provider.disable_rule(context, name="hourly")
    tick()
    assert delivered == []
    provider.enable_rule(context, name="hourly")
    tick()
    assert len(delivered) == 1
    provider.put_rule(context, name="hourly", event_pattern='{"source": ["rows"]}')
    tick()
    assert len(delivered) == 1
    provider.delete_rule(context, name="hourly", force=True)
    tick()
    assert len(delivered) == 1
