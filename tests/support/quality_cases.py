"""Jobs of model quality and forecast accuracy: a dataset and the job's variables, by name.

`expects` names the case whose constraints a job is compared with.
"""

import numpy as np

from tests.support.predictions_data import (
    Table,
    binary,
    classes,
    csv_text,
    forecasts,
    json_lines,
    merged,
    numbers,
)

CSV = '{"csv": {"header": true}}'
YES_NO = binary(3000, seed=1)
WINDOW = binary(500, seed=7)
FEW = binary(60, seed=3)
MANY_SCORES = binary(12_000, seed=4, decimals=17)
NUMBERS = numbers(1000, seed=5)
CLASSES = classes(1500, seed=6)
FORECASTS = forecasts(400, seed=8)
TEN: Table = {
    "label": ["yes", "no"] * 5,
    "prediction": ["no"] * 10,
    "probability": [0.1 * n for n in range(10)],
}

BINARY = {
    "analysis_type": "MODEL_QUALITY",
    "problem_type": "BinaryClassification",
    "inference_attribute": "prediction",
    "probability_attribute": "probability",
    "ground_truth_attribute": "label",
    "positive_label": "yes",
}
ANSWERS = {
    "analysis_type": "MODEL_QUALITY",
    "inference_attribute": "answer",
    "ground_truth_attribute": "truth",
}
REGRESSION = ANSWERS | {"problem_type": "Regression"}
MULTICLASS = ANSWERS | {"problem_type": "MulticlassClassification"}
FORECAST = {
    "analysis_type": "FORECAST_ACCURACY",
    "inference_attribute": "mean",
    "ground_truth_attribute": "actual",
    "quantile_attributes": "0.9:p90, 0.1:p10, 0.5:p50",
}
BY_THRESHOLD = {
    "inference_attribute": "",
    "probability_attribute": "1",
    "ground_truth_attribute": "0",
    "probability_threshold_attribute": "0.7",
    "positive_label": "",
    "dataset_format": '{"csv": {"header": false}}',
}
MERGED = {
    "inference_attribute": "0",
    "probability_attribute": "1",
    "ground_truth_attribute": "",
    "dataset_format": '{"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}}',
}
# Labels as numbers, which one file writes as 1 and another as 1.0.
ZERO_ONE = {
    "label": np.where(YES_NO["label"] == "yes", "1.0", "0.0"),
    "probability": YES_NO["probability"],
}

CASES: dict[str, tuple[str, dict[str, str]]] = {
    "binary": (csv_text(YES_NO), BINARY),
    "by threshold": (csv_text(ZERO_ONE, header=False), BINARY | BY_THRESHOLD),
    "few": (csv_text(FEW), BINARY),
    "merged": (merged(FEW), BINARY | MERGED),
    "many scores": (csv_text(MANY_SCORES), BINARY),
    "no positive answer": (csv_text(TEN), BINARY),
    "one class": (csv_text(TEN | {"label": ["no"] * 10}), BINARY | {"expects": "binary"}),
    "clean": (csv_text(WINDOW), BINARY | {"expects": "binary"}),
    "clean by AWS's rule": (
        csv_text(WINDOW),
        BINARY | {"expects": "binary", "model_quality_tolerance": "0"},
    ),
    "a prediction is missing": (csv_text(FEW) + "yes,,0.5\n,no,0.4\n", BINARY),
    "regression": (
        json_lines(NUMBERS),
        REGRESSION
        | {
            "dataset_format": '{"json": {"lines": true}}',
            "inference_attribute": "$.answer",
            "ground_truth_attribute": "$.truth",
        },
    ),
    "worse regression": (
        csv_text(NUMBERS | {"answer": NUMBERS["answer"] + 3}),
        REGRESSION | {"expects": "regression"},
    ),
    "constant truth": (csv_text({"truth": [3, 3, 3], "answer": [2, 3, 5]}), REGRESSION),
    "multiclass": (csv_text(CLASSES), MULTICLASS),
    "forecast": (csv_text(FORECASTS), FORECAST),
    "forecast of nothing": (
        csv_text({"actual": [0.0, 0.0], "mean": [1, 2], "p10": [0, 0], "p50": [1, 1], "p90": [2, 2]}),
        FORECAST,
    ),
}
REFUSED: dict[str, tuple[str, dict[str, str]]] = {
    "the problem type is missing": (csv_text(TEN), BINARY | {"problem_type": ""}),
    "a column is not there": (csv_text(TEN), BINARY | {"inference_attribute": "answer"}),
    "the truth is not named": (csv_text(TEN), BINARY | {"ground_truth_attribute": ""}),
    "the positive label is not named": (csv_text(TEN), BINARY | {"positive_label": ""}),
    "there are three labels": (csv_text(TEN | {"label": ["yes", "no", "perhaps", "no", "yes"] * 2}), BINARY),
    "a probability is text": (csv_text(TEN | {"probability": ["high"] + [0.5] * 9}), BINARY),
    "no row is complete": (csv_text(TEN | {"label": [""] * 10}), BINARY),
    "a forecast has no column": (
        csv_text(FORECASTS),
        FORECAST | {"inference_attribute": "", "quantile_attributes": ""},
    ),
    "a quantile is no level": (csv_text(FORECASTS), FORECAST | {"quantile_attributes": "p90:p90"}),
    "the constraints are another analysis's": (csv_text(NUMBERS), REGRESSION | {"expects": "binary"}),
    "a constraint has no measure": (
        csv_text(TEN),
        BINARY | {"expects": "binary", "probability_attribute": ""},
    ),
}
