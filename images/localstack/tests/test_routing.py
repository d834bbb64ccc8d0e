from urllib.parse import quote

import pytest
from slipway_localstack.routing import is_the_emulators, with_the_functions_account
from werkzeug.datastructures import Headers

SCOPE = "test/20260101/us-east-1/{}/aws4_request"


def signed_for(service: str) -> dict[str, str]:
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE.format(service)}, "
        "SignedHeaders=host, Signature=0"
    }


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        # SageMaker's four services sign alike (signingName in botocore's models).
        ("POST", "/", signed_for("sagemaker") | {"X-Amz-Target": "SageMaker.YoungerThanLocalStack"}),
        ("POST", "/endpoints/e/invocations", signed_for("sagemaker")),
        ("PUT", "/FeatureGroup/g", signed_for("sagemaker")),
        ("PUT", "/BatchPutMetrics", signed_for("sagemaker")),
        # Nobody signed: curl.
        ("POST", "/", {"X-Amz-Target": "SageMaker.ListModels"}),
        ("POST", "/endpoints/e/invocations", {}),
        ("POST", "/endpoints/e/async-invocations", {}),
        ("POST", "/endpoints/e/invocations-response-stream", {}),
        ("GET", "/2015-03-31/functions/", {}),
        ("GET", "/2015-03-31/functions", {"Host": "localhost:4566"}),
        ("POST", "/2015-03-31/functions/f/invocations?Qualifier=live", {}),
        ("GET", "/2021-10-31/functions/f/url", {}),
        ("GET", "/schedules?MaxResults=1", {}),
        ("POST", "/schedules/hourly", {}),
        ("GET", "/schedule-groups/default", {"Host": "127.0.0.1:4566"}),
        ("POST", "/", signed_for("athena") | {"X-Amz-Target": "AmazonAthena.StartQueryExecution"}),
        ("POST", "/", {"X-Amz-Target": "AmazonAthena.GetQueryExecution"}),
        ("POST", "/", signed_for("glue") | {"X-Amz-Target": "AWSGlue.GetTable"}),
        ("POST", "/", {"X-Amz-Target": "AWSGlue.GetTables"}),
        # Signed, whatever the path: tags are at one path in several services.
        ("GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Af", signed_for("lambda")),
        ("GET", "/tags/arn%3Aaws%3Ascheduler%3Ag", signed_for("scheduler")),
        ("GET", f"/schedules/s?X-Amz-Credential={quote(SCOPE.format('scheduler'), safe='')}", {}),
        ("GET", "/_slipway/health", {}),
        ("POST", "/_slipway/reset", signed_for("s3")),
    ],
)
def test_what_is_of_its_services_is_the_emulators(method: str, target: str, headers: dict[str, str]) -> None:
    assert is_the_emulators(method, target, Headers(headers))


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("POST", "/", signed_for("events") | {"X-Amz-Target": "AWSEvents.PutEvents"}),
        # Objects of a bucket that is called endpoints.
        ("PUT", "/endpoints/e/invocations", {}),
        ("POST", "/endpoints/e/invocations", signed_for("s3")),
        ("POST", "/endpoints/e/f/invocations", {}),
        # Objects of buckets with such names: signed, presigned by either version, or deeper than a schedule.
        ("GET", "/schedules/2026.csv", signed_for("s3")),
        ("GET", "/schedules/2026.csv", {"Authorization": "AWS test:c2lnbmVk"}),
        ("GET", "/schedules/2026.csv?AWSAccessKeyId=test&Signature=c2lnbmVk&Expires=1", {}),
        ("GET", f"/schedules/2026.csv?X-Amz-Credential={quote(SCOPE.format('s3'), safe='')}", {}),
        ("GET", "/schedules/2026/01.csv", {}),
        # Paths of others: of a bucket, of a REST API, of a function's URL.
        ("GET", "/schedules/a", {"Host": "bucket.s3.localhost.localstack.cloud:4566"}),
        ("GET", "/schedules/a", {"Host": "a1b2c3.execute-api.localhost.localstack.cloud:4566"}),
        ("POST", "/endpoints/e/invocations", {"Host": "a1.lambda-url.us-east-1.localhost:4566"}),
        ("GET", "/2015-03-31/layers", {}),
        ("GET", "/schedules-of-mine", {}),
        ("GET", "/_localstack/health", {}),
        ("GET", "/_slipway", {}),
        ("POST", "/", {}),
        ("POST", "/", {"X-Amz-Target": "SageMakerOther.List"}),
        ("POST", "/", {"Authorization": "Bearer sagemaker"}),
    ],
)
def test_everything_else_stays_localstacks(method: str, target: str, headers: dict[str, str]) -> None:
    assert not is_the_emulators(method, target, Headers(headers))


ARN = "arn:aws:lambda:eu-west-1:111122223333:function:f"


def called_as(access_key: str, path: str) -> str:
    """The account that a call is made in, once it has passed."""
    headers = [("Host", "localhost"), ("Authorization", f"AWS4 Credential={access_key}/20260101/eu-west-1/l")]
    (host, authorization) = with_the_functions_account(path, headers)
    assert host == headers[0]
    return authorization[1].partition("=")[2].partition("/")[0]


@pytest.mark.parametrize(
    "path", [f"/2015-03-31/functions/{ARN}/invocations", f"/functions/{quote(ARN, safe='')}"]
)
def test_nobodys_call_of_a_function_by_its_arn_is_its_owners(path: str) -> None:
    assert called_as("__internal_call__", path) == "111122223333"


@pytest.mark.parametrize(
    ("access_key", "path"),
    [
        ("444455556666", f"/2015-03-31/functions/{ARN}/invocations"),
        ("test", f"/2015-03-31/functions/{ARN}"),
        ("__internal_call__", "/2015-03-31/functions/f"),
        ("__internal_call__", "/schedules/s"),
    ],
)
def test_every_other_call_is_its_callers(access_key: str, path: str) -> None:
    assert called_as(access_key, path) == access_key
