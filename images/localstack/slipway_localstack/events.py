"""EventBridge whose targets may be pipelines, and whose events are not lost at the first error."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.events import PutRuleResponse, PutTargetsResponse, RuleState, Target, TargetList
from localstack.services.events.models import Rule, ValidationException
from localstack.services.events.provider import EventsProvider
from localstack.services.events.rule import RuleService
from localstack.services.events.scheduler import JobScheduler
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


def keep_running(service: RuleService) -> None:
    """Leave it to the rule's present state whether its job delivers; LocalStack's own asks once."""
    JobScheduler.instance().get_job(service.job_id).is_enabled = True


class ReliableEventsProvider(EventsProvider):
    """LocalStack's EventBridge, where it differs from AWS's in what becomes of an event."""

    def __init__(self) -> None:
        super().__init__()
        # The latest job of each rule that has a schedule, by the rule's ARN.
        self._latest_jobs: dict[str, object] = {}
        TargetSenderFactory.register_target_sender("sagemaker", PipelineTargetSender)

    @handler("PutRule")  # type: ignore[untyped-decorator]
    def put_rule(self, context: RequestContext, name: str, **more: Any) -> PutRuleResponse:
        """Let a schedule that is changed have effect on the targets that are there."""
        answer = super().put_rule(context, name, **more)
        service = self._rule_services_store[answer["RuleArn"]]
        if service.schedule_cron and service.rule.targets:
            job = self._get_scheduled_rule_job_function(context.account_id, context.region, service.rule)
            service.create_schedule_job(job)
            keep_running(service)
        return answer

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
        answer = super().put_targets(context, rule, targets, event_bus_name, **more)
        service = self.get_rule_service(context.region, context.account_id, rule, event_bus_name)
        if service.schedule_cron:
            keep_running(service)
        return answer

    def create_target_sender(self, target: Target, *rule_and_place: str) -> TargetSender:
        """A sender that tries again, and keeps what was not taken."""
        sender = super().create_target_sender(target, *rule_and_place)
        sender.process_event = Delivery(sender)
        return sender

    def _get_scheduled_rule_job_function(
        self, account_id: str, region: str, rule: Rule
    ) -> Callable[..., None]:
        # LocalStack's own adds a job at every PutTargets, and ends none.
        deliver = super()._get_scheduled_rule_job_function(account_id, region, rule)
        job = self._latest_jobs[rule.arn] = object()

        def deliver_if_latest(*arguments: object, **named: object) -> None:
            now = self._rule_services_store.get(rule.arn)
            is_latest = self._latest_jobs[rule.arn] is job and now is not None
            if is_latest and now.schedule_cron and now.state != RuleState.DISABLED:
                deliver(*arguments, **named)

        return deliver_if_latest

    def _process_rules(self, rule: Rule, *event_and_place: Any) -> None:
        # LocalStack's own would deliver for a rule that is disabled, too.
        if rule.state != RuleState.DISABLED:
            super()._process_rules(rule, *event_and_place)
