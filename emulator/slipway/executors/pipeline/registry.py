"""Steps that write down a model: Model and RegisterModel."""

from slipway.errors import ServiceError
from slipway.executors.pipeline.failures import refused
from slipway.executors.pipeline.jobs import execution_tag
from slipway.executors.pipeline.task import Failed, Result, Stopped, Succeeded, Task
from slipway.faults import FaultPoint, Faults
from slipway.pipelines.expressions import resolve
from slipway.resources.document import Document

SERVICE = "sagemaker"


class ModelRunner:
    """A Model step creates one model, of a name that was written down before."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def advance(self, task: Task) -> Result:
        """Create the model, unless a process that died of it has."""
        name = task.made_name
        arguments = resolve(task.step.arguments, task.scope)
        assert isinstance(arguments, dict)
        tags = [*arguments.get("Tags", []), execution_tag(task)]
        try:
            model = _described(task, name) or task.call(
                SERVICE, "CreateModel", {**arguments, "ModelName": name, "Tags": tags}
            )
        except ServiceError as error:
            return Failed(*refused(f"{SERVICE}:CreateModel", error))
        self._faults.at(FaultPoint.AFTER_STEP_MODEL)
        return Succeeded({"Model": {"Arn": model["ModelArn"]}}, {"made": name})

    def stop(self, _task: Task) -> Result:
        """A model is made at once or not at all."""
        return Stopped()


class RegisterModelRunner:
    """A RegisterModel step creates one package; the token that was written down before sees to that.

    It is a version of the group that the step names, else one on its own with
    a name as jobs have it. A group that does not exist is created: AWS does so
    for the step, and not for CreateModelPackage (the SDK's integration tests
    name groups that nobody made, and assert the step's name in the package's).
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def advance(self, task: Task) -> Result:
        """Create the package, unless a process that died of it has."""
        arguments = resolve(task.step.arguments, task.scope)
        assert isinstance(arguments, dict)
        request = {**arguments, "ClientToken": task.identity}
        try:
            if "ModelPackageGroupName" in request:
                # A version has no tags of its own; they are its group's.
                _ensure_group(task, request["ModelPackageGroupName"], request.pop("Tags", []))
            else:
                request["ModelPackageName"] = task.made_name
            arn = task.call(SERVICE, "CreateModelPackage", request)["ModelPackageArn"]
        except ServiceError as error:
            return Failed(*refused(f"{SERVICE}:CreateModelPackage", error))
        self._faults.at(FaultPoint.AFTER_STEP_MODEL)
        return Succeeded({"RegisterModel": {"Arn": arn}}, {"made": arn})

    def stop(self, _task: Task) -> Result:
        """A package is made at once or not at all."""
        return Stopped()


def _described(task: Task, name: str) -> Document | None:
    try:
        return task.call(SERVICE, "DescribeModel", {"ModelName": name})
    except ServiceError:
        return None


def _ensure_group(task: Task, name: str, tags: list[Document]) -> None:
    if _has_group(task, name):
        return
    request: Document = {"ModelPackageGroupName": name, **({"Tags": tags} if tags else {})}
    try:
        task.call(SERVICE, "CreateModelPackageGroup", request)
    except ServiceError:
        # Another execution may have been quicker.
        if not _has_group(task, name):
            raise


def _has_group(task: Task, name: str) -> bool:
    try:
        task.call(SERVICE, "DescribeModelPackageGroup", {"ModelPackageGroupName": name})
    except ServiceError:
        return False
    return True
