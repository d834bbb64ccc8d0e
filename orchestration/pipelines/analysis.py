"""What a monitor's job is told of a project's data, whoever starts it."""

import json

from orchestration.names import MODEL_QUALITY
from orchestration.project import Project

# Raw rows under a header, and questions in JSON, are the caller's right and no drift.
OTHER_RECORDS = {"other_records": "leave_out"}


def analysis_environment(project: Project, monitor: str) -> dict[str, str]:
    """The variables that say what the captured data is, and for answers which cell is what."""
    if monitor != MODEL_QUALITY:
        return {"dataset_format": _format("sagemakerCaptureJson", "endpointInput"), **OTHER_RECORDS}
    return {
        "dataset_format": _format("sagemakerMergeJson", "endpointOutput"),
        **OTHER_RECORDS,
        "analysis_type": "MODEL_QUALITY",
        "problem_type": project.problem_type,
        # An answer is `yes,0.87`: SAGEMAKER_INFERENCE_OUTPUT of the model's container.
        "inference_attribute": "0",
        "probability_attribute": "1",
        "positive_label": project.target.positive,
    }


def _format(name: str, index: str) -> str:
    return json.dumps({name: {"captureIndexNames": [index]}})
