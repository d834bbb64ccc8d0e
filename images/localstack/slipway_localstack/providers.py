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
