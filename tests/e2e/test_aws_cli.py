"""A session of the AWS CLI, version 1, with one variable set: jobs, their lists, logs and refusals.

The CLI's waiters ask every 30 to 120 seconds. So that nobody waits for them
here, a job has ended before its waiter is asked, which then answers at once.
"""

from typing import Any

import pytest

from tests.support.aws_cli import INSTANCES, ROLE, AwsCli, process, until_ended
from tests.support.containers import wait_until
from tests.support.localstack_calls import fresh
from tests.support.train_xgb_data import TRAIN_CSV

ARN = "arn:aws:sagemaker:us-east-1:000000000000"


@pytest.fixture(scope="module")
def processed(aws: AwsCli, bucket: str, preprocess_image: str) -> dict[str, Any]:
    """A processing job with an input, an output and a line on each stream."""
    name = fresh("cli-processed")
    process(
        *(aws, preprocess_image, name),
        "echo read $(wc -l < /opt/ml/processing/in/train.csv); echo done >&2; "
        "head -n 2 /opt/ml/processing/in/train.csv > /opt/ml/processing/out/head.csv",
        processing_inputs=[
            {
                "InputName": "rows",
                "S3Input": {
                    "S3Uri": f"s3://{bucket}/data/train",
                    "LocalPath": "/opt/ml/processing/in",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        processing_output_config={
            "Outputs": [
                {
                    "OutputName": "head",
                    "S3Output": {
                        "S3Uri": f"s3://{bucket}/processed",
                        "LocalPath": "/opt/ml/processing/out",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        tags=[{"Key": "team", "Value": "churn"}, {"Key": "stage", "Value": "test"}],
    )
    return until_ended(aws, "processing", name)


def test_a_processing_job_reads_from_s3_and_leaves_its_output_there(
    aws: AwsCli, bucket: str, processed: dict[str, Any]
) -> None:
    name = processed["ProcessingJobName"]

    aws("sagemaker", "wait", "processing-job-completed-or-stopped", processing_job_name=name)
    written = aws("s3", "cp", f"s3://{bucket}/processed/head.csv", "-")

    assert processed["ProcessingJobStatus"] == "Completed"
    assert written == "".join(TRAIN_CSV.splitlines(keepends=True)[:2])


def test_what_a_job_has_said_is_in_cloudwatch_logs(aws: AwsCli, processed: dict[str, Any]) -> None:
    group = "/aws/sagemaker/ProcessingJobs"
    prefix = f"{processed['ProcessingJobName']}/algo-1-"
    names = {"log_group_name": group}

    def lines() -> set[str] | None:
        streams = aws("logs", "describe-log-streams", log_stream_name_prefix=prefix, **names)["logStreams"]
        if len(streams) != 1:
            return None
        stream = streams[0]["logStreamName"]
        events = aws("logs", "get-log-events", log_stream_name=stream, **names)["events"]
        return {event["message"] for event in events} if len(events) == 2 else None

    assert wait_until(lines, "two lines in one stream") == {
        f"read {len(TRAIN_CSV.splitlines())}",
        "done",
    }


def test_a_job_that_fails_ends_its_waiter_with_an_error(aws: AwsCli, preprocess_image: str) -> None:
    name = fresh("cli-failed")
    process(aws, preprocess_image, name, "exit 3")

    failed = until_ended(aws, "processing", name)
    waited = aws.refused("sagemaker", "wait", "processing-job-completed-or-stopped", processing_job_name=name)

    assert failed["ProcessingJobStatus"] == "Failed"
    assert "exit code: 3" in failed["FailureReason"]
    assert waited.exit_code == 255
    assert "Waiter encountered a terminal failure state" in waited.message


def test_a_job_can_be_stopped(aws: AwsCli, preprocess_image: str) -> None:
    name = fresh("cli-stopped")
    process(aws, preprocess_image, name, "trap 'exit 0' TERM; sleep 600 & wait")

    aws("sagemaker", "stop-processing-job", processing_job_name=name)
    stopped = until_ended(aws, "processing", name)
    again = aws.refused("sagemaker", "stop-processing-job", processing_job_name=name)

    assert stopped["ProcessingJobStatus"] == "Stopped"
    aws("sagemaker", "wait", "processing-job-completed-or-stopped", processing_job_name=name)
    assert (again.exit_code, "is in status Stopped" in again.message) == (255, True)


def test_jobs_are_listed_sorted_filtered_and_page_by_page(aws: AwsCli, preprocess_image: str) -> None:
    stem = fresh("cli-listed")
    names = [f"{stem}-{letter}" for letter in "bca"]
    for name in names:
        process(aws, preprocess_image, name, "true")
    for name in names:
        until_ended(aws, "processing", name)

    def listed(**options: object) -> dict[str, Any]:
        page: dict[str, Any] = aws("sagemaker", "list-processing-jobs", name_contains=stem, **options)
        return page

    def told(page: dict[str, Any]) -> list[str]:
        return [job["ProcessingJobName"] for job in page["ProcessingJobSummaries"]]

    first = listed(sort_by="Name", max_items=2, page_size=1)
    rest = listed(sort_by="Name", max_items=2, page_size=1, starting_token=first["NextToken"])
    one = listed(max_results=1)

    # The model on SortOrder: "The default is Ascending", and on SortBy: "CreationTime".
    assert told(listed()) == names
    assert told(listed(sort_by="Name", sort_order="Descending")) == sorted(names, reverse=True)
    assert (told(first), told(rest)) == (sorted(names)[:2], sorted(names)[2:])
    assert "NextToken" not in rest
    assert told(one) == names[:1]
    assert told(listed(next_token=one["NextToken"], max_results=2)) == names[1:]
    assert told(listed(status_equals="Failed")) == []
    assert told(listed(creation_time_after="2000-01-01", status_equals="Completed")) == names
    assert told(listed(creation_time_before="2000-01-01T00:00:00Z")) == []


def test_a_training_job_leaves_a_model_and_its_metrics(
    aws: AwsCli, bucket: str, trained: dict[str, Any]
) -> None:
    name = trained["TrainingJobName"]

    aws("sagemaker", "wait", "training-job-completed-or-stopped", training_job_name=name)
    listed = aws("sagemaker", "list-training-jobs", name_contains=name)["TrainingJobSummaries"]

    artifact = f"s3://{bucket}/models/{name}/output/model.tar.gz"
    assert trained["TrainingJobStatus"] == "Completed"
    assert trained["ModelArtifacts"] == {"S3ModelArtifacts": artifact}
    assert "model.tar.gz" in aws("s3", "ls", artifact)
    assert [metric["MetricName"] for metric in trained["FinalMetricDataList"]] == ["validation:auc"]
    assert trained["FinalMetricDataList"][0]["Value"] > 0.8
    assert [(job["TrainingJobName"], job["TrainingJobStatus"]) for job in listed] == [(name, "Completed")]


def test_a_training_job_can_be_stopped_and_keeps_what_it_has(
    aws: AwsCli, bucket: str, preprocess_image: str
) -> None:
    name = fresh("cli-train-stopped")
    program = "trap 'echo half > /opt/ml/model/m; exit 0' TERM; echo up; sleep 600 & wait"
    aws(
        *("sagemaker", "create-training-job"),
        training_job_name=name,
        role_arn=ROLE,
        algorithm_specification={
            "TrainingImage": preprocess_image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["sh", "-c", program],
        },
        output_data_config={"S3OutputPath": f"s3://{bucket}/models"},
        resource_config=INSTANCES,
        stopping_condition={"MaxRuntimeInSeconds": 600},
    )

    def training() -> bool | None:
        described = aws("sagemaker", "describe-training-job", training_job_name=name)
        return True if described["SecondaryStatus"] == "Training" else None

    def has_started() -> bool | None:
        found = aws(
            *("logs", "describe-log-streams"),
            log_group_name="/aws/sagemaker/TrainingJobs",
            log_stream_name_prefix=f"{name}/",
        )
        return True if found["logStreams"] else None

    wait_until(training, "the job to train")
    wait_until(has_started, "its first line, from which on it minds the signal")
    aws("sagemaker", "stop-training-job", training_job_name=name)
    stopped = until_ended(aws, "training", name)

    assert (stopped["TrainingJobStatus"], stopped["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "model.tar.gz" in aws("s3", "ls", f"s3://{bucket}/models/{name}/output/")


def test_tags_are_added_listed_and_removed(aws: AwsCli, processed: dict[str, Any]) -> None:
    arn = processed["ProcessingJobArn"]

    aws("sagemaker", "add-tags", "--tags", "Key=stage,Value=done", "Key=owner,Value=me", resource_arn=arn)
    aws("sagemaker", "delete-tags", resource_arn=arn, tag_keys=["team"])
    tags = aws("sagemaker", "list-tags", resource_arn=arn)["Tags"]

    assert {tag["Key"]: tag["Value"] for tag in tags} == {"stage": "done", "owner": "me"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        # The texts are those that boto3's issue 2808 and the ACK controllers' generator.yaml rely on.
        (
            ("describe-training-job", "--training-job-name", "none"),
            "(ValidationException) when calling the DescribeTrainingJob operation: "
            "Requested resource not found.",
        ),
        (
            ("describe-processing-job", "--processing-job-name", "none"),
            "(ValidationException) when calling the DescribeProcessingJob operation: "
            "Could not find requested job with name: none",
        ),
        (
            ("describe-endpoint", "--endpoint-name", "none"),
            "(ValidationException) when calling the DescribeEndpoint operation: "
            f'Could not find endpoint "{ARN}:endpoint/none".',
        ),
        (
            ("describe-model", "--model-name", "no_model"),
            "(ValidationException) when calling the DescribeModel operation: 1 validation error detected: "
            "Value 'no_model' at 'modelName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?",
        ),
        (
            ("list-models", "--sort-by", "Age"),
            "(ValidationException) when calling the ListModels operation: 1 validation error detected: "
            "Value 'Age' at 'sortBy' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Name, CreationTime]",
        ),
        (
            ("list-trials",),
            "(NotImplemented) when calling the ListTrials operation: sagemaker ListTrials is not "
            "implemented by Slipway's control plane; docs/parity.md lists what is.",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_refusal_is_exit_code_255_and_awss_text(aws: AwsCli, words: tuple[str, ...], text: str) -> None:
    refused = aws.refused("sagemaker", *words)

    # Version 1 has one exit code for what the service refuses (its own documentation, "Return codes").
    assert (refused.exit_code, refused.message) == (255, f"An error occurred {text}")
