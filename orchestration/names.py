"""What things are called: a project's resources, a pipeline's steps, a version's metadata."""

PREPROCESS, TRAIN, EVALUATE = "preprocess", "train", "evaluate"
INGEST, FEATURES = "ingest", "features"
CONDITION, REGISTER, CREATE_MODEL, FAIL = "good-enough", "register", "create-model", "not-good-enough"

# The pipeline's parameters that say which rows, and in which version: no execution starts without
# them. Three, because a target of EventBridge gives each one place of the event and joins none.
DATA_PARAMETERS = ("DataBucket", "DataKey", "DataVersion")

# Keys of a version's CustomerMetadataProperties.
DATA_SHA256, DATA_VERSION, EXECUTION_ID = "data-sha256", "data-version", "pipeline-execution-id"
# Of a version whose project has a feature group: where the columns are that it was trained on.
FEATURE_GROUP_NAME, ENCODER_URI = "feature-group-name", "encoder-uri"

# Below this prefix of a project's bucket a new object starts the pipeline.
INCOMING = "incoming/"
# Below this one its feature groups' offline stores are.
FEATURE_STORE = "feature-store"


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


def feature_group_prefix(project: str) -> str:
    """How the project's groups of encodings begin; a digest of what they encode follows."""
    return f"{project}-encodings"


def deploy_function_name(project: str) -> str:
    """The function that keeps the endpoint at the newest approved version."""
    return f"slipway-{project}-deploy"
