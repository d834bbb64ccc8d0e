"""Services that LocalStack makes at their first call, with something of ours in them."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="iam", name="slipway")  # type: ignore[untyped-decorator]
def iam() -> Service:
    """LocalStack's IAM with simulations that allow; PROVIDER_OVERRIDE_IAM chooses it."""
    # Here, because a service that nobody calls must cost nothing at the start.
    from localstack.services.iam.provider import IamProvider
    from localstack.services.moto import MotoFallbackDispatcher

    from slipway_localstack.permissions import AllowingSimulator

    provider = IamProvider()
    provider.policy_simulator = AllowingSimulator()
    return Service.for_provider(provider, dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="events", name="slipway")  # type: ignore[untyped-decorator]
def events() -> Service:
    """LocalStack's EventBridge with pipelines as targets; PROVIDER_OVERRIDE_EVENTS chooses it."""
    from slipway_localstack.events import ReliableEventsProvider

    return Service.for_provider(ReliableEventsProvider())


@aws_provider(api="s3", name="slipway")  # type: ignore[untyped-decorator]
def s3() -> Service:
    """LocalStack's S3 with AWS's events for EventBridge; PROVIDER_OVERRIDE_S3 chooses it."""
    from localstack.services.s3.provider import S3Provider

    from slipway_localstack.object_events import notify_as_aws_does

    notify_as_aws_does()
    return Service.for_provider(S3Provider())
