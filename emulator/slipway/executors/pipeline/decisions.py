"""Steps that end where they begin: Condition and Fail."""

from slipway.executors.pipeline.task import Failed, Result, Stopped, Succeeded, Task
from slipway.pipelines.conditions import all_hold
from slipway.pipelines.expressions import as_text, resolve


class ConditionRunner:
    """A condition is decided by what there is when its turn has come."""

    def advance(self, task: Task) -> Result:
        """Decide."""
        outcome = all_hold(task.step.arguments["Conditions"], task.scope)
        return Succeeded({"Condition": {"Outcome": "True" if outcome else "False"}})

    def stop(self, _task: Task) -> Result:
        """Nothing runs."""
        return Stopped()


class FailRunner:
    """A Fail step fails for the reason that it is given, or for none."""

    def advance(self, task: Task) -> Result:
        """Fail."""
        message = as_text(resolve(task.step.arguments.get("ErrorMessage", ""), task.scope))
        # Without a message there is no reason, and metadata with an empty one (the SDK's integration tests).
        return Failed(message or None, metadata={"Fail": {"ErrorMessage": message}})

    def stop(self, _task: Task) -> Result:
        """Nothing runs."""
        return Stopped()
