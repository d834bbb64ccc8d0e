"""EventBridge whose targets may be pipelines, and whose events are not lost at the first error."""

from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.events import PutTargetsResponse, RuleState, Target, TargetList
from localstack.services.events.models import Rule, ValidationException
from localstack.services.events.provider import EventsProvider
from localstack.services.events.target import TargetSender, TargetSenderFactory
from localstack.utils.aws.arns import extract_service_from_arn

from slipway_localstack.deliveries import Delivery
from slipway_localstack.pipeline_target import PipelineTargetSender


def check_service(arn: str) -> None:
    """Refuse a target that no event could be sent to. Raises ValidationException."""
    service = extract_service_from_arn(arn)
    if not service:
        raise ValidationException(
            f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )
    if service not in TargetSenderFactory.target_map:
        raise ValidationException(f"{arn} cannot be a target here: there is no {service} in this image.")


class ReliableEventsProvider(EventsProvider):
    """LocalStack's EventBridge, where it differs from AWS's in what becomes of an event."""

    def __init__(self) -> None:
        super().__init__()
        TargetSenderFactory.register_target_sender("sagemaker", PipelineTargetSender)

    @handler("PutTargets")  # type: ignore[untyped-decorator]
    def put_targets(
        self,
        context: RequestContext,
        rule: str,
        targets: TargetList,
        event_bus_name: str | None = None,
        **more: Any,
    ) -> PutTargetsResponse:
        """Refuse a target before it is kept: one without a sender would end every delivery of its rule."""
        for target in targets:
            check_service(target["Arn"])
            TargetSenderFactory(target, "", rule, context.region, context.account_id).get_target_sender()
        return super().put_targets(context, rule, targets, event_bus_name, **more)

    def create_target_sender(self, target: Target, *rule_and_place: str) -> TargetSender:
        """A sender that tries again, and keeps what was not taken."""
        sender = super().create_target_sender(target, *rule_and_place)
        sender.process_event = Delivery(sender)
        return sender

    def _process_rules(self, rule: Rule, *event_and_place: Any) -> None:
        # LocalStack's own would deliver for a rule that is disabled, too.
        if rule.state != RuleState.DISABLED:
            super()._process_rules(rule, *event_and_place)
