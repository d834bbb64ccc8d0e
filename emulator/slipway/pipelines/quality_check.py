"""What a QualityCheck step has beside its Arguments, read and decided (both SDKs' QualityCheckStep)."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from slipway.pipelines.expressions import ExpressionError
from slipway.pipelines.members import Members, refuse, shown
from slipway.resources.document import Document

# The check, and the member of a version's DriftCheckBaselines that holds its baseline (API reference).
CHECK_TYPES = {"DATA_QUALITY": "ModelDataQuality", "MODEL_QUALITY": "ModelQuality"}
# What each flag is where nobody says (both SDKs).
FLAGS = {"SkipCheck": False, "FailOnViolation": True, "RegisterNewBaseline": False}
TEXTS = ("ModelPackageGroupName", "SuppliedBaselineStatistics", "SuppliedBaselineConstraints")
MEMBERS = ("CheckType", *FLAGS, *TEXTS)
PROPERTIES = (
    *("CalculatedBaselineConstraints", "CalculatedBaselineStatistics"),
    *("BaselineUsedForDriftCheckConstraints", "BaselineUsedForDriftCheckStatistics"),
)
# Where the jobs of a monitoring schedule have their baseline (contracts, 5.2).
BASELINE_FOLDERS = {
    "Constraints": PurePosixPath("/opt/ml/processing/baseline/constraints"),
    "Statistics": PurePosixPath("/opt/ml/processing/baseline/stats"),
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The files that a baseline consists of, as S3 URIs; a model's quality needs no statistics."""

    constraints: str
    statistics: str | None

    @property
    def files(self) -> dict[str, str]:
        """The URIs that there are, by what they hold."""
        files = {"Constraints": self.constraints, "Statistics": self.statistics}
        return {kind: uri for kind, uri in files.items() if uri}


def read_check(members: Members) -> Document:
    """The members of the check, those that are not null. Raises DefinitionError."""
    check_type = members.text("CheckType")
    if check_type not in CHECK_TYPES:
        refuse(f"{members.place}: CheckType is one of {', '.join(CHECK_TYPES)}, not {shown(check_type)}")
    for name in FLAGS:
        value = members.document.get(name)
        if value is not None and not isinstance(value, bool | dict):
            refuse(f"{members.place}: {name} is true, false or a reference, not {shown(value)}")
    for name in TEXTS:
        if not members.absent(name):
            members.expression(name)
    return {name: members.document[name] for name in MEMBERS if not members.absent(name)}


def with_defaults(resolved: Document) -> Document:
    """The resolved members, every flag a boolean, without texts that are empty. Raises ExpressionError."""
    flags = {name: _flag(name, resolved.get(name, default)) for name, default in FLAGS.items()}
    texts = {name: resolved[name] for name in ("CheckType", *TEXTS) if resolved.get(name)}
    return {**texts, **flags}


def needs_baseline(check: Document) -> bool:
    """Whether there must be a baseline of before: to compare with, or to be carried over.

    API reference, QualityCheckStepMetadata, on SkipCheck and RegisterNewBaseline.
    """
    return not (check["SkipCheck"] and check["RegisterNewBaseline"])


def supplied_baseline(check: Document) -> Baseline | None:
    """The baseline that the step names itself, which goes before any other (developer guide)."""
    constraints = check.get("SuppliedBaselineConstraints")
    return Baseline(constraints, check.get("SuppliedBaselineStatistics")) if constraints else None


def registered_baseline(check: Document, package: Document) -> Baseline | None:
    """The baseline that a version of the registry carries for this check."""
    files = package.get("DriftCheckBaselines", {}).get(CHECK_TYPES[check["CheckType"]], {})
    if "Constraints" not in files:
        return None
    return Baseline(files["Constraints"]["S3Uri"], files.get("Statistics", {}).get("S3Uri"))


def comparing(arguments: Document, baseline: Baseline) -> Document:
    """The request of a baseline job, made one that compares with `baseline` as well.

    AWS says that one job does both; the names of the two inputs are those of a
    monitoring schedule's jobs.
    """
    inputs = [
        {
            "InputName": kind.lower(),
            "S3Input": {
                "S3Uri": uri,
                "LocalPath": str(BASELINE_FOLDERS[kind]),
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
        for kind, uri in baseline.files.items()
    ]
    environment = {
        f"baseline_{kind.lower()}": str(BASELINE_FOLDERS[kind] / uri.rpartition("/")[2])
        for kind, uri in baseline.files.items()
    }
    return {
        **arguments,
        "ProcessingInputs": [*arguments.get("ProcessingInputs", []), *inputs],
        "Environment": {**arguments.get("Environment", {}), **environment},
    }


def report_uri(arguments: Document) -> str:
    """Where the job's report lies: the output at `output_path`, or its only one. Raises ExpressionError."""
    outputs = [
        each["S3Output"]
        for each in arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])
        if "S3Output" in each
    ]
    path = arguments.get("Environment", {}).get("output_path")
    found = [each for each in outputs if each.get("LocalPath") == path] or outputs
    if len(found) != 1:
        raise ExpressionError(
            "the check's job has no single output for its report; give one output, at the path that the "
            "environment's output_path names"
        )
    uri: str = found[0]["S3Uri"]
    return uri.rstrip("/")


def _flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ExpressionError(f"{name} is true or false, not {value!r:.200}")
