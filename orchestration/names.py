"""What things are called: a project's resources, a pipeline's steps, a version's metadata."""

PREPROCESS, TRAIN, EVALUATE = "preprocess", "train", "evaluate"
INGEST, FEATURES = "ingest", "features"
CONDITION, REGISTER, CREATE_MODEL, FAIL = "good-enough", "register", "create-model", "not-good-enough"

# The training pipeline's steps that say what a project's monitors compare with.
BASELINE, MODEL_BASELINE = "baseline", "model-baseline"
# A monitoring pipeline's steps.
WINDOW, MERGE, ANALYSE, PUBLISH, VIOLATED, NOTIFY = (
    *("window", "merge", "analyse"),
    *("publish", "violated", "notify"),
)

# The retraining pipeline's steps, beside its merge.
COLLECT, TRAINING_SET = "collect", "training-set"
# Of a forecasting project: rows as they came, forecasts beside what came true, and the rows that
# came appended to the earlier.
ROWS, FORECAST_ACTUALS, APPEND = "rows", "forecast-actuals", "append"

# What a project is watched by: its requests' columns, and its answers beside the truth.
DATA_QUALITY, MODEL_QUALITY = "data-quality", "model-quality"
MONITORS = (DATA_QUALITY, MODEL_QUALITY)
# Where monitors speak on the default bus, and of what.
MONITORING_SOURCE = "slipway.monitoring"
VIOLATIONS_EVENT = "Monitoring Violations"
GROUND_TRUTH_MISSING_EVENT = "Monitoring Ground Truth Missing"
WINDOW_EMPTY_EVENT = "Monitoring Window Empty"
# The parameter of a monitoring pipeline that says for when it was scheduled.
SCHEDULED_TIME = "ScheduledTime"
RETRAINING_SKIPPED_EVENT = "Retraining Skipped"

# The pipeline's parameters that say which rows, and in which version: no execution starts without
# them. Three, because a target of EventBridge gives each one place of the event and joins none.
DATA_PARAMETERS = ("DataBucket", "DataKey", "DataVersion")

# Keys of a version's CustomerMetadataProperties.
DATA_SHA256, DATA_VERSION, EXECUTION_ID = "data-sha256", "data-version", "pipeline-execution-id"
# What encoded the rows that a version was trained on, and, where the project has a feature group,
# where the columns are that it was trained on.
ENCODER_URI, FEATURE_GROUP_NAME = "encoder-uri", "feature-group-name"

# Below this prefix of a project's bucket a new object starts the pipeline.
INCOMING = "incoming/"
# How the folder there begins in which a retraining leaves its training set; its execution's id ends it.
RETRAINED = f"{INCOMING}retraining-"
# Below this one its feature groups' offline stores are.
FEATURE_STORE = "feature-store"
# Of a forecasting project: rows as they come, below the day that they are of (yyyy/mm/dd), and the
# extracts of a map.
ACTUALS, PLACES = "actuals", "places"
# What the endpoint captures, what came true, and what the monitors have found.
CAPTURED, GROUND_TRUTH, MONITORING = "captured", "ground-truth", "monitoring"
# The objects of each execution's window.
WINDOWS = f"{MONITORING}/windows"


def bucket_name(project: str) -> str:
    """The bucket with the project's rows, outputs and captured requests."""
    return f"slipway-{project}"


def pipeline_name(project: str) -> str:
    """The training pipeline."""
    return f"slipway-{project}-training"


def model_package_group_name(project: str) -> str:
    """The group whose versions are the project's models."""
    return f"slipway-{project}"


def endpoint_name(project: str) -> str:
    """The endpoint that serves the newest approved version."""
    return f"slipway-{project}"


def deploy_function_name(project: str) -> str:
    """The function that keeps the endpoint at the newest approved version."""
    return f"slipway-{project}-deploy"


def monitor_name(project: str, monitor: str) -> str:
    """A monitor's pipeline, and its schedule: `slipway-<project>-data-quality`."""
    return f"slipway-{project}-{monitor}"


def monitor_function_name(project: str) -> str:
    """The function that finds a monitor's window, publishes what it found and tells of it."""
    return f"slipway-{project}-monitor"


def retraining_pipeline_name(project: str) -> str:
    """The pipeline that makes a training set of captured rows and what came true of them."""
    return f"slipway-{project}-retraining"


def retrain_function_name(project: str) -> str:
    """The function that decides whether violations start a retraining."""
    return f"slipway-{project}-retrain"


def monitoring_name(project: str) -> str:
    """The topic that tells people, and the group of EventBridge Scheduler's schedules."""
    return f"slipway-{project}-monitoring"


def monitoring_uri(project: str, monitor: str) -> str:
    """Where a monitor's reports are, below the hour of the schedule: yyyy/mm/dd/hh."""
    return f"s3://{bucket_name(project)}/{MONITORING}/{monitor}"
