"""What is recorded of a function beside its configuration: permissions, tags, concurrency."""

import json

from slipway.errors import FunctionConflict, FunctionNotFound
from slipway.operations.function_names import existing_function
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import LAMBDA
from slipway.resources.document import Document, without_empty
from slipway.resources.function import LATEST
from slipway.resources.resource import Resource
from slipway.store.store import Store


class FunctionSettings:
    """Permissions are recorded and never asked; reserved concurrency counts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def operations(self) -> Operations:
        """What is answered."""
        return {
            (LAMBDA, "AddPermission"): self.add_permission,
            (LAMBDA, "RemovePermission"): self.remove_permission,
            (LAMBDA, "GetPolicy"): self.get_policy,
            (LAMBDA, "TagResource"): self.tag,
            (LAMBDA, "UntagResource"): self.untag,
            (LAMBDA, "ListTags"): self.list_tags,
            (LAMBDA, "PutFunctionConcurrency"): self.put_concurrency,
            (LAMBDA, "GetFunctionConcurrency"): self.get_concurrency,
            (LAMBDA, "DeleteFunctionConcurrency"): self.delete_concurrency,
            (LAMBDA, "GetFunctionCodeSigningConfig"): self.get_code_signing,
            (LAMBDA, "GetFunctionEventInvokeConfig"): self.get_event_invoke_config,
        }

    def add_permission(self, call: Call) -> Document:
        """AddPermission."""
        function = self._function(call)
        sid = call.parameters["StatementId"]
        statement = statement_of(function, call.parameters)

        def add(function: Resource) -> Resource:
            if sid in function.internal.get("policy", {}):
                raise FunctionConflict(
                    f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
                    "or remove the existing statement."
                )
            return function.with_internal({"policy": {**function.internal.get("policy", {}), sid: statement}})

        self._store.transition(function.key, add)
        return {"Statement": json.dumps(statement, separators=(",", ":"))}

    def remove_permission(self, call: Call) -> Document:
        """RemovePermission."""
        sid = call.parameters["StatementId"]

        def remove(function: Resource) -> Resource:
            policy = dict(function.internal.get("policy", {}))
            if policy.pop(sid, None) is None:
                raise FunctionNotFound(f"Statement {sid} is not found in resource policy.")
            return function.with_internal({"policy": policy})

        self._store.transition(self._function(call).key, remove)
        return {}

    def get_policy(self, call: Call) -> Document:
        """GetPolicy."""
        function = self._function(call)
        statements = list(function.internal.get("policy", {}).values())
        if not statements:
            raise FunctionNotFound("The resource you requested does not exist.")
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        return {
            "Policy": json.dumps(policy, separators=(",", ":")),
            "RevisionId": function.document["RevisionId"],
        }

    def tag(self, call: Call) -> Document:
        """TagResource."""
        tags = [{"Key": name, "Value": value} for name, value in call.parameters["Tags"].items()]
        self._store.add_tags(self._tagged(call).arn, tags)
        return {}

    def untag(self, call: Call) -> Document:
        """UntagResource."""
        self._store.remove_tags(self._tagged(call).arn, call.parameters["TagKeys"])
        return {}

    def list_tags(self, call: Call) -> Document:
        """ListTags."""
        return {"Tags": {tag["Key"]: tag["Value"] for tag in self._store.tags(self._tagged(call).arn)}}

    def put_concurrency(self, call: Call) -> Document:
        """PutFunctionConcurrency."""
        reserved = call.parameters["ReservedConcurrentExecutions"]
        self._reserve(call, reserved)
        return {"ReservedConcurrentExecutions": reserved}

    def get_concurrency(self, call: Call) -> Document:
        """GetFunctionConcurrency."""
        reserved = self._function(call).internal.get("concurrency")
        return without_empty({"ReservedConcurrentExecutions": reserved})

    def delete_concurrency(self, call: Call) -> Document:
        """DeleteFunctionConcurrency."""
        self._reserve(call, None)
        return {}

    def get_code_signing(self, call: Call) -> Document:
        """GetFunctionCodeSigningConfig: no function has one."""
        return {"FunctionName": self._function(call).name}

    def get_event_invoke_config(self, call: Call) -> Document:
        """GetFunctionEventInvokeConfig: no function has one of its own."""
        arn = self._function(call).arn
        qualifier = call.parameters.get("Qualifier", LATEST)
        raise FunctionNotFound(f"The function {arn}:{qualifier} doesn't have an EventInvokeConfig")

    def _reserve(self, call: Call, reserved: int | None) -> None:
        key = self._function(call).key
        self._store.transition(key, lambda function: function.with_internal({"concurrency": reserved}))

    def _function(self, call: Call) -> Resource:
        return existing_function(self._store, call.owner, call.parameters)

    def _tagged(self, call: Call) -> Resource:
        arn = call.parameters["Resource"]
        return existing_function(self._store, call.owner, {"FunctionName": arn})


def statement_of(function: Resource, parameters: Document) -> Document:
    """A permission as a resource policy tells it."""
    principal = parameters["Principal"]
    qualifier = parameters.get("Qualifier")
    conditions: Document = {}
    if "SourceAccount" in parameters:
        conditions["StringEquals"] = {"AWS:SourceAccount": parameters["SourceAccount"]}
    if "SourceArn" in parameters:
        conditions["ArnLike"] = {"AWS:SourceArn": parameters["SourceArn"]}
    return without_empty(
        {
            "Sid": parameters["StatementId"],
            "Effect": "Allow",
            "Principal": _principal(principal, function),
            "Action": parameters["Action"],
            "Resource": f"{function.arn}:{qualifier}" if qualifier else function.arn,
            "Condition": conditions or None,
        }
    )


def _principal(principal: str, function: Resource) -> str | Document:
    if principal == "*":
        return principal
    if principal.endswith(".amazonaws.com"):
        return {"Service": principal}
    is_account = principal.isdigit()
    partition = function.arn.split(":")[1]
    return {"AWS": f"arn:{partition}:iam::{principal}:root" if is_account else principal}
