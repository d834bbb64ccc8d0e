"""Steps that compute a baseline and compare it with the one before: QualityCheck."""

from dataclasses import replace

from slipway.errors import ServiceError
from slipway.executors.pipeline.failures import refused
from slipway.executors.pipeline.jobs import SERVICE, JobRunner
from slipway.executors.pipeline.task import (
    Executing,
    Failed,
    Result,
    Stopped,
    Stopping,
    Succeeded,
    Task,
)
from slipway.pipelines.expressions import ExpressionError, resolve
from slipway.pipelines.quality_check import (
    PROPERTIES,
    Baseline,
    comparing,
    needs_baseline,
    registered_baseline,
    report_uri,
    supplied_baseline,
    with_defaults,
)
from slipway.resources.document import Document

# Of the check and its files, what the step's metadata show.
SHOWN = frozenset({"CheckType", "ModelPackageGroupName", "SkipCheck", "RegisterNewBaseline", *PROPERTIES})
# What is written down when the step's turn has come: the check and its files do not change after that.
CHECK = "check"


class QualityCheckRunner:
    """One processing job computes the new baseline and, unless that is skipped, what violates the old one.

    The job is carried out as any step's; what it found is read from its report.
    Names, metadata and the failure's words are AWS's (API reference,
    QualityCheckStepMetadata; sagemaker-python-sdk, test_quality_check_steps.py).
    """

    def __init__(self, jobs: JobRunner) -> None:
        self._jobs = jobs

    def advance(self, task: Task) -> Result:
        """Ask for the job, or see what it has found."""
        if not task.is_starting:
            return self._seen(task, task.row.internal[CHECK], self._jobs.advance(task))
        arguments, check = _resolved(task)
        try:
            baseline = _baseline(task, check)
        except ServiceError as error:
            return Failed(*refused(f"{SERVICE}:ListModelPackages", error))
        if baseline is None and needs_baseline(check):
            return Failed(_no_baseline(check))
        kept = _kept(check, arguments, baseline)
        if baseline is not None and not check["SkipCheck"]:
            arguments = comparing(arguments, baseline)
        step = replace(task.step, arguments=arguments, target=kept)
        return self._seen(task, kept, self._jobs.advance(replace(task, step=step)))

    def stop(self, task: Task) -> Result:
        """Have the job stopped, and see how far that is."""
        result = self._jobs.stop(task)
        if CHECK in task.row.internal:
            return self._seen(task, task.row.internal[CHECK], result)
        # A process died of asking for the job; what that has found meanwhile nobody waits for.
        return Stopped() if isinstance(result, Succeeded) else self._seen(task, {}, result)

    def _seen(self, task: Task, kept: Document, result: Result) -> Result:
        """What the job's state is to the step."""
        match result:
            case Executing(metadata, internal):
                return Executing(_shown(kept, metadata), {**internal, CHECK: kept})
            case Stopping(metadata):
                return Stopping(_shown(kept, metadata or {}))
            case Succeeded(cache_hit=None):
                return _concluded(task, kept, result)
        return result


def _resolved(task: Task) -> tuple[Document, Document]:
    """The job's request and the check, with every reference replaced."""
    arguments, members = resolve(task.step.arguments, task.scope), resolve(task.step.target, task.scope)
    assert isinstance(arguments, dict)
    assert isinstance(members, dict)
    return arguments, with_defaults(members)


def _baseline(task: Task, check: Document) -> Baseline | None:
    """What is compared with: supplied, else that of the group's newest approved version."""
    supplied = supplied_baseline(check)
    group = check.get("ModelPackageGroupName")
    if supplied is not None or not group:
        return supplied
    query = {
        **{"ModelPackageGroupName": group, "ModelApprovalStatus": "Approved", "MaxResults": 1},
        **{"SortBy": "CreationTime", "SortOrder": "Descending"},
    }
    for newest in task.call(SERVICE, "ListModelPackages", query)["ModelPackageSummaryList"]:
        name = {"ModelPackageName": newest["ModelPackageArn"]}
        return registered_baseline(check, task.call(SERVICE, "DescribeModelPackage", name))
    return None


def _no_baseline(check: Document) -> str:
    group = check.get("ModelPackageGroupName")
    where = f"the newest approved version of '{group}' has none" if group else "the step names no group"
    return (
        f"ClientError: there is no baseline of {check['CheckType']}: none is supplied, and {where}. "
        "Supply one, or set SkipCheck and RegisterNewBaseline for a first run."
    )


def _kept(check: Document, arguments: Document, baseline: Baseline | None) -> Document:
    """The check and every file that it has to do with."""
    calculated = {
        f"CalculatedBaseline{kind}": f"{report_uri(arguments)}/{kind.lower()}.json"
        for kind in ("Constraints", "Statistics")
    }
    before = baseline.files if baseline else {}
    used = {
        f"BaselineUsedForDriftCheck{kind}": calculated[f"CalculatedBaseline{kind}"]
        if check["RegisterNewBaseline"]
        else before.get(kind)
        for kind in ("Constraints", "Statistics")
    }
    return {**check, **calculated, **{name: uri for name, uri in used.items() if uri}}


def _shown(kept: Document, metadata: Document) -> Document:
    """The step's metadata; `metadata` is that of its job."""
    arn = metadata.get("ProcessingJob", {}).get("Arn")
    shown = {name: value for name, value in kept.items() if name in SHOWN}
    return {"QualityCheck": {**shown, **({"CheckJobArn": arn} if arn else {})}}


def _concluded(task: Task, kept: Document, done: Succeeded) -> Result:
    """The end of a step whose job is Completed."""
    metadata = task.row.document["Metadata"]
    if kept["SkipCheck"]:
        return replace(done, metadata=metadata)
    uri = kept["CalculatedBaselineConstraints"].rpartition("/")[0] + "/constraint_violations.json"
    if not _violations(task.scope.json_at(uri), uri):
        return replace(done, metadata=metadata)
    metadata = {"QualityCheck": {**metadata["QualityCheck"], "ViolationReport": uri}}
    if kept["FailOnViolation"]:
        return Failed(f"ClientError: Quality check failed. See violation report {uri}", metadata=metadata)
    return replace(done, metadata=metadata)


def _violations(report: object, uri: str) -> list[object]:
    """The violations of a report. Raises ExpressionError where it is none."""
    violations = report.get("violations") if isinstance(report, dict) else None
    if not isinstance(violations, list):
        raise ExpressionError(f"{uri} has no list 'violations'")
    return violations
