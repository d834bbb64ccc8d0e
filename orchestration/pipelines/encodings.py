"""The steps that keep a project's encoded categories in the feature store, and train on what is kept there.

`ingest` needs the schema alone. `features` reads by SQL, from the offline store,
what the API will look up in the online one, and refuses what the encoder does
not give: a model is trained on the very columns that it will be asked with.
"""

from typing import Any

from sagemaker.core.workflow.functions import JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep

from orchestration.names import FEATURE_GROUP_NAME, FEATURES, INGEST
from orchestration.pipelines.features import FeatureSteps
from orchestration.pipelines.processing import CACHED, PROCESSING, ProcessingJobs, job_input, output_uri

# What `features` reads of preprocess's outputs, and what it leaves.
FEATURES_INPUTS = ("train", "validation", "keys")
FEATURES_OUTPUTS = ("train", "validation", "features")


def encodings(jobs: ProcessingJobs, prefix: str, preprocess: Any) -> FeatureSteps:
    """Both steps, captured; `preprocess` is the step that makes channels, keys and encoder."""
    ingest, feature_group_name = ingest_step(jobs, "ingest", prefix, [_schema(jobs)])
    features = _features(jobs, preprocess, feature_group_name)
    return FeatureSteps(
        steps=(ingest, features),
        sources=dict.fromkeys(("train", "validation"), features),
        metadata={FEATURE_GROUP_NAME: feature_group_name},
    )


def ingest_step(jobs: ProcessingJobs, command: str, prefix: str, inputs: list[Any]) -> tuple[Any, Any]:
    """A step that fills a group of records; with it the name of the group."""
    report = PropertyFile(name="ingest", output_name="ingest", path="ingest.json")
    arguments = jobs.processor("PreprocessImageUri", "preprocess", command).run(
        inputs=inputs,
        outputs=[jobs.output(INGEST, "ingest", f"{PROCESSING}/output/ingest")],
        arguments=[
            *("--feature-group-prefix", prefix),
            *("--offline-store-uri", jobs.parameters["OfflineStoreUri"]),
            *("--role-arn", jobs.role_arn),
        ],
    )
    # Not cached: the store may have been emptied since, and it says so itself in a second.
    step = ProcessingStep(INGEST, step_args=arguments, property_files=[report])
    return step, JsonGet(step_name=INGEST, property_file=report, json_path="feature_group_name")


def _features(jobs: ProcessingJobs, preprocess: Any, feature_group_name: Any) -> Any:
    """Channels with scaled numbers to channels whose encoded columns are the offline store's."""
    channels = [
        # CreateProcessingJob refuses an input that is called as an output is.
        job_input(f"input-{name}", output_uri(preprocess, name), f"{PROCESSING}/input/{name}")
        for name in FEATURES_INPUTS
    ]
    arguments = jobs.processor("PreprocessImageUri", "preprocess", "features").run(
        inputs=[*channels, _schema(jobs)],
        outputs=[jobs.output(FEATURES, name, f"{PROCESSING}/output/{name}") for name in FEATURES_OUTPUTS],
        arguments=["--feature-group-name", feature_group_name],
    )
    return ProcessingStep(FEATURES, step_args=arguments, cache_config=CACHED)


def _schema(jobs: ProcessingJobs) -> Any:
    return job_input("input-schema", jobs.parameters["SchemaUri"], f"{PROCESSING}/input/schema")
