"""Definitions of pipelines as small as can be, and values for their references."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from slipway.pipelines.definition import Definition, DefinitionError, read_definition
from slipway.pipelines.expressions import ExpressionError

Document = dict[str, Any]
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:double"


def get(target: str) -> Document:
    """A reference."""
    return {"Get": target}


def join(on: str, *values: Any) -> Document:
    """Std:Join."""
    return {"Std:Join": {"On": on, "Values": list(values)}}


def json_get(step: str, file: str, path: str) -> Document:
    """Std:JsonGet of a property file."""
    return {"Std:JsonGet": {"PropertyFile": get(f"Steps.{step}.PropertyFiles.{file}"), "Path": path}}


def processing(name: str, *, outputs: Sequence[str] = (), **members: Any) -> Document:
    """A processing step."""
    arguments: Document = {"AppSpecification": {"ImageUri": "image:1"}, **members.pop("Arguments", {})}
    if outputs:
        arguments["ProcessingOutputConfig"] = {"Outputs": [{"OutputName": output} for output in outputs]}
    return {"Name": name, "Type": "Processing", "Arguments": arguments, **members}


def training(name: str, **members: Any) -> Document:
    """A training step."""
    return {"Name": name, "Type": "Training", "Arguments": {}, **members}


def condition(name: str, when: Any = True, **members: Any) -> Document:
    """A condition step that holds where `when` is true; IfSteps and ElseSteps are its branches."""
    arguments = {"Conditions": [{"Type": "Equals", "LeftValue": when, "RightValue": True}]}
    branches = {side: members.pop(side, []) for side in ("IfSteps", "ElseSteps")}
    return {"Name": name, "Type": "Condition", "Arguments": {**arguments, **branches}, **members}


def fail(name: str, message: Any = "no", **members: Any) -> Document:
    """A Fail step."""
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}, **members}


def function(name: str, **members: Any) -> Document:
    """A Lambda step with one output."""
    outputs = [{"OutputName": "doubled", "OutputType": "Integer"}]
    return {
        **{"Name": name, "Type": "Lambda", "Arguments": {}, "FunctionArn": FUNCTION},
        **{"OutputParameters": outputs, **members},
    }


def callback(name: str, **members: Any) -> Document:
    """A callback step with one output."""
    outputs = [{"OutputName": "answer", "OutputType": "String"}]
    return {
        **{"Name": name, "Type": "Callback", "Arguments": {}, "SqsQueueUrl": QUEUE},
        **{"OutputParameters": outputs, **members},
    }


def quality_check(name: str, **members: Any) -> Document:
    """A QualityCheck step as both SDKs write it, its job as small as can be."""
    output = {
        "S3Uri": "s3://bucket/report/",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    arguments: Document = {
        "AppSpecification": {"ImageUri": "monitor:1"},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
        "Environment": {"output_path": "/opt/ml/processing/output"},
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "quality_check_output", "S3Output": output}],
        },
    }
    return {
        **{"Name": name, "Type": "QualityCheck", "Arguments": arguments, "CheckType": "DATA_QUALITY"},
        **{"ModelPackageGroupName": None, "SkipCheck": False, "FailOnViolation": None},
        **{"RegisterNewBaseline": False, "SuppliedBaselineStatistics": None},
        **{"SuppliedBaselineConstraints": None, **members},
    }


def document(*steps: Document, **members: Any) -> Document:
    """A whole definition."""
    return {"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": list(steps), **members}


def read(*steps: Document, **members: Any) -> Definition:
    """A whole definition, read."""
    return read_definition(json.dumps(document(*steps, **members)))


def refusal(*steps: Document, **members: Any) -> str:
    """What a definition with these steps is refused for."""
    with pytest.raises(DefinitionError) as refused:
        read(*steps, **members)
    return str(refused.value)


# The example of contracts §6.1, whose shapes are the SDK's.
EXAMPLE = document(
    processing("Prep", outputs=["train", "test"]),
    training(
        "Train",
        Arguments={
            "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3Uri": get("Steps.Prep.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri")
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": join("/", "s3://b", get("Execution.PipelineExecutionId"))},
        },
        CacheConfig={"Enabled": True, "ExpireAfter": "P30D"},
    ),
    processing(
        "Eval",
        outputs=["evaluation"],
        Arguments={
            "ProcessingInputs": [
                {
                    "InputName": "model",
                    "S3Input": {"S3Uri": get("Steps.Train.ModelArtifacts.S3ModelArtifacts")},
                }
            ]
        },
        DependsOn=["Prep"],
        CacheConfig={"Enabled": True, "ExpireAfter": "P30D"},
        PropertyFiles=[
            {"PropertyFileName": "ev", "OutputName": "evaluation", "FilePath": "evaluation.json"},
        ],
        RetryPolicies=[
            {
                "ExceptionType": ["SageMaker.CAPACITY_ERROR"],
                **{"IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 5},
            }
        ],
        DisplayName="Evaluation",
        Description="Compares with the threshold",
    ),
    {
        "Name": "Gate",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [
                {
                    "Type": "GreaterThanOrEqualTo",
                    "LeftValue": json_get("Eval", "ev", "m.auc.value"),
                    "RightValue": get("Parameters.Thr"),
                }
            ],
            "IfSteps": [{"Name": "Reg", "Type": "RegisterModel", "Arguments": {}}],
            "ElseSteps": [fail("Stop", join(" ", "low", get("Parameters.Thr")))],
        },
    },
    function("Double", Arguments={"count": get("Parameters.Count")}),
    callback("Ask", Arguments={"doubled": get("Steps.Double.OutputParameters['doubled']")}),
    Parameters=[
        {"Name": "Thr", "Type": "Float", "DefaultValue": 0.8},
        {"Name": "Count", "Type": "Integer", "DefaultValue": 3},
        {"Name": "Mode", "DefaultValue": "fast", "EnumValues": ["fast", "good"]},
        {"Name": "Deep", "Type": "Boolean", "DefaultValue": False},
    ],
    PipelineExperimentConfig={
        "ExperimentName": get("Execution.PipelineName"),
        "TrialName": get("Execution.PipelineExecutionId"),
    },
)


@dataclass(frozen=True, slots=True)
class Values:
    """A scope whose values a test gives."""

    parameters: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    steps: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[tuple[str, str], object] = field(default_factory=dict)
    objects: Mapping[str, object] = field(default_factory=dict)

    def parameter(self, name: str) -> object:
        return _found(self.parameters, name)

    def execution_variable(self, name: str) -> object:
        return _found(self.variables, name)

    def properties(self, step: str) -> object:
        return _found(self.steps, step)

    def property_file(self, step: str, name: str) -> object:
        return _found(self.files, (step, name))

    def json_at(self, s3_uri: str) -> object:
        return _found(self.objects, s3_uri)


def _found(values: Mapping[Any, object], key: object) -> object:
    if key not in values:
        raise ExpressionError(f"there is no {key}")
    return values[key]
