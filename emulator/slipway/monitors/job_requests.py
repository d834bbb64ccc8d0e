"""The processing jobs that an execution starts, as requests of CreateProcessingJob.

Names, places and variables are those of recorded jobs of a model quality schedule
(contracts, 5.1 and 5.2); what is recorded of no type is like it, and docs/parity.md says so.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.monitors.definition import (
    DATA_QUALITY,
    MODEL_BIAS,
    MODEL_EXPLAINABILITY,
    MODEL_QUALITY,
    Definition,
)
from slipway.monitors.partitions import LEVELS, folder
from slipway.monitors.timing import Span
from slipway.resources.document import Document, without_empty
from slipway.resources.times import iso

# CreateProcessingJob takes no more inputs, and no longer values of variables.
MOST_INPUTS = 10
LONGEST_VALUE = 256
CONSTRAINTS_PATH = "/opt/ml/processing/baseline/constraints"
STATISTICS_PATH = "/opt/ml/processing/baseline/stats"
GROUND_TRUTH_PATH = "/opt/ml/processing/groundtruth"
ANALYSIS_CONFIG_PATH = "/opt/ml/processing/input/config"
# As the SDK's own baselining jobs have them (sagemaker-python-sdk, model_monitoring.py).
SCRIPTS_PATH = "/opt/ml/processing/input"
SCRIPTS = {
    "RecordPreprocessorSourceUri": ("record_preprocessor_script_input", "record_preprocessor_script"),
    "PostAnalyticsProcessorSourceUri": (
        "post_analytics_processor_script_input",
        "post_analytics_processor_script",
    ),
}
# A name has 63 letters at most, of which time and identity take 38.
NAMES: Mapping[str, str] = {
    DATA_QUALITY: "data-quality-monitoring",
    MODEL_QUALITY: "model-quality-monitoring",
    MODEL_BIAS: "model-bias-monitoring",
    MODEL_EXPLAINABILITY: "explainability-monitoring",
}
ANALYSIS_TYPES: Mapping[str, str] = {
    MODEL_QUALITY: "MODEL_QUALITY",
    MODEL_BIAS: "MODEL_BIAS",
    MODEL_EXPLAINABILITY: "MODEL_EXPLAINABILITY",
}
BOTH_SIDES = ["endpointInput", "endpointOutput"]
FORMATS: Mapping[str, Document] = {
    DATA_QUALITY: {"sagemakerCaptureJson": {"captureIndexNames": BOTH_SIDES}},
    MODEL_QUALITY: {"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}},
    MODEL_BIAS: {"sagemakerMergeJson": {"captureIndexNames": BOTH_SIDES}},
    MODEL_EXPLAINABILITY: {"sagemakerCaptureJson": {"captureIndexNames": BOTH_SIDES}},
}
ATTRIBUTES: Mapping[str, str] = {
    "FeaturesAttribute": "features_attribute",
    "InferenceAttribute": "inference_attribute",
    "ProbabilityAttribute": "probability_attribute",
    "ProbabilityThresholdAttribute": "probability_threshold_attribute",
    "ExcludeFeaturesAttribute": "exclude_features_attribute",
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """One start of a schedule's jobs: for which hours, and under which identity."""

    schedule_name: str
    scheduled_at: int
    span: Span
    # 24 hexadecimal digits, which the names of its jobs end with.
    identity: str


@dataclass(frozen=True, slots=True)
class Captured:
    """Where an endpoint's captured calls lie, and in which folders of each variant there are some."""

    destination: str
    folders: Mapping[str, Sequence[str]]


def merge_request(
    definition: Definition, occasion: Occasion, captured: Captured, labels: Sequence[str]
) -> Document:
    """The job that joins captured calls with the ground truth in the folders `labels`."""
    local_path, truth_uri = definition.endpoint_input["LocalPath"], definition.ground_truth_uri or ""
    inputs = [
        _input(f"groundtruth_input_{number}", below(truth_uri, each), f"{GROUND_TRUTH_PATH}/{each}")
        for number, each in enumerate(labels, start=1)
    ]
    environment = {
        "dataset_source": local_path,
        "ground_truth_source": GROUND_TRUTH_PATH,
        "output_path": definition.output["LocalPath"],
    }
    output = _output(definition, merged_uri(definition), "EndOfJob")
    inputs += _endpoint_inputs(definition, captured)
    name = f"groundtruth-merge-{_ending(occasion)}"
    # Recorded merge jobs have none of the definition's own variables.
    return _request(definition, name, environment, inputs, output)


def analysis_request(definition: Definition, occasion: Occasion, captured: Captured) -> Document:
    """The job that compares what was captured, or merged, with the baseline."""
    fixed, paths = fixed_inputs(definition)
    output = _output(
        definition, report_uri(definition, occasion), definition.output.get("S3UploadMode", "Continuous")
    )
    environment = {
        **_environment(definition, occasion, captured.destination),
        **paths,
        **definition.environment,
    }
    name = f"{NAMES[definition.monitoring_type]}-{_ending(occasion)}"
    inputs = [*fixed, *_endpoint_inputs(definition, captured)]
    return _request(definition, name, environment, inputs, output)


def fixed_inputs(definition: Definition) -> tuple[list[Document], dict[str, str]]:
    """The inputs that are no data, and the variables that say where each is."""
    inputs, variables = [], {}
    for resource, name, path in (
        ("ConstraintsResource", "constraints", CONSTRAINTS_PATH),
        ("StatisticsResource", "statistics", STATISTICS_PATH),
    ):
        uri = definition.baseline_uri(resource)
        if uri is not None:
            inputs.append(_input(name, uri, path))
            variables[f"baseline_{name}"] = f"{path}/{_basename(uri)}"
    for member, (name, variable) in SCRIPTS.items():
        uri = definition.app.get(member)
        if uri is not None:
            inputs.append(_input(name, uri, f"{SCRIPTS_PATH}/{name}"))
            variables[variable] = f"{SCRIPTS_PATH}/{name}/{_basename(uri)}"
    if "ConfigUri" in definition.app:
        inputs.append(_input("analysis_config", definition.app["ConfigUri"], ANALYSIS_CONFIG_PATH))
    return inputs, variables


def merged_uri(definition: Definition) -> str:
    """Where merge jobs write to, of all endpoints and hours."""
    return below(definition.output["S3Uri"], "merge")


def report_uri(definition: Definition, occasion: Occasion) -> str:
    """Where the analysis writes to: the folder of the hour in which it was started."""
    hour = folder(occasion.scheduled_at, LEVELS[0])
    return below(definition.output["S3Uri"], f"{definition.endpoint_name}/{occasion.schedule_name}/{hour}")


def below(uri: str, path: str) -> str:
    """More path behind an S3 URI."""
    return f"{uri.rstrip('/')}/{path}"


def _environment(definition: Definition, occasion: Occasion, destination: str) -> dict[str, str]:
    endpoint_input, monitoring_type = definition.endpoint_input, definition.monitoring_type
    variables = {
        "analysis_type": ANALYSIS_TYPES.get(monitoring_type),
        "problem_type": definition.app.get("ProblemType"),
        "dataset_format": json.dumps(FORMATS[monitoring_type], separators=(",", ":")),
        "dataset_source": endpoint_input["LocalPath"],
        "output_path": definition.output["LocalPath"],
        "start_time": iso(occasion.span.start),
        "end_time": iso(occasion.span.end),
        "metric_time": iso(occasion.span.start),
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_endpoint_name": definition.endpoint_name,
        "sagemaker_monitoring_schedule_name": occasion.schedule_name,
        # A data capture's destination may be twice as long; nothing is read by it.
        "sagemaker_endpoint_datacapture_prefix": destination if len(destination) <= LONGEST_VALUE else None,
        "monitoring_input_type": "ENDPOINT_INPUT",
        **{
            variable: str(endpoint_input[member])
            for member, variable in ATTRIBUTES.items()
            if member in endpoint_input
        },
    }
    return without_empty(variables)


def _endpoint_inputs(definition: Definition, captured: Captured) -> list[Document]:
    """An input for each folder, all below the endpoint's own LocalPath."""
    endpoint_input = definition.endpoint_input
    places = [
        f"{definition.endpoint_name}/{variant}/{each}"
        for variant, folders in captured.folders.items()
        for each in folders
    ]
    distribution = endpoint_input.get("S3DataDistributionType", "FullyReplicated")
    return [
        _input(
            f"endpoint_input_{number}",
            below(captured.destination, place),
            f"{endpoint_input['LocalPath'].rstrip('/')}/{place}",
            distribution,
        )
        for number, place in enumerate(places, start=1)
    ]


def _input(name: str, uri: str, path: str, distribution: str = "FullyReplicated") -> Document:
    s3_input = {
        "S3Uri": uri,
        "LocalPath": path,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": distribution,
        "S3CompressionType": "None",
    }
    return {"InputName": name, "S3Input": s3_input}


def _output(definition: Definition, uri: str, mode: str) -> Document:
    s3_output = {"S3Uri": uri, "LocalPath": definition.output["LocalPath"], "S3UploadMode": mode}
    return {"OutputName": "result", "S3Output": s3_output}


def _request(
    definition: Definition, name: str, environment: Document, inputs: list[Document], output: Document
) -> Document:
    app = definition.app
    specification = {
        member: app.get(member) for member in ("ImageUri", "ContainerEntrypoint", "ContainerArguments")
    }
    output_config = {"Outputs": [output], "KmsKeyId": definition.output_config.get("KmsKeyId")}
    limit = definition.max_runtime or definition.longest_hourly_seconds
    return without_empty(
        {
            "ProcessingJobName": name,
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": without_empty(output_config),
            "ProcessingResources": {"ClusterConfig": definition.cluster},
            "StoppingCondition": {"MaxRuntimeInSeconds": limit},
            "AppSpecification": without_empty(specification),
            "Environment": environment,
            "NetworkConfig": definition.network,
            "RoleArn": definition.role_arn,
        }
    )


def _ending(occasion: Occasion) -> str:
    return f"{folder(occasion.scheduled_at, '%Y%m%d%H%M')}-{occasion.identity}"


def _basename(uri: str) -> str:
    return uri.rpartition("/")[2]
