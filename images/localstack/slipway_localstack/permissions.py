"""IAM whose simulations say what a call would find here: everything is allowed, as nothing is enforced."""

from localstack.aws.api import RequestContext
from localstack.aws.api.iam import (
    EvaluationResult,
    PolicyEvaluationDecisionType,
    SimulatePolicyResponse,
    SimulatePrincipalPolicyRequest,
)
from localstack.services.iam.resources.policy_simulator import BasicIAMPolicySimulator

# What is simulated where no resource is named (API reference, SimulatePrincipalPolicy).
ANY_RESOURCE = "*"


class AllowingSimulator(BasicIAMPolicySimulator):
    """Allows everything to a principal that exists.

    LocalStack's own compares strings, so it denies where a policy has a wildcard, and
    fails where no resource is named, as in the preflight of the SageMaker SDK.
    """

    def simulate_principal_policy(
        self, context: RequestContext, request: SimulatePrincipalPolicyRequest
    ) -> SimulatePolicyResponse:
        """One decision for each action and resource. Raises IAM's NoSuchEntity."""
        self.get_policies_from_principal(self.get_iam_backend(context), request["PolicySourceArn"])
        return SimulatePolicyResponse(
            IsTruncated=False,
            EvaluationResults=[
                EvaluationResult(
                    EvalActionName=action,
                    EvalResourceName=resource,
                    EvalDecision=PolicyEvaluationDecisionType.allowed,
                )
                for action in request["ActionNames"]
                for resource in request.get("ResourceArns") or [ANY_RESOURCE]
            ],
        )
