from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import yarl
from api.signing import Signer
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
WITH_TOKEN = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/token+of=STS")
CALL = (
    "sagemaker",
    "POST",
    "https://runtime.sagemaker.eu-west-1.amazonaws.com",
    "/endpoints/a-b/invocations",
)


@pytest.mark.parametrize(
    ("service", "method", "address", "path"),
    [
        CALL,
        ("sagemaker", "POST", "http://emulator:4500", "/"),
        ("sagemaker", "POST", "http://emulator:80", "/BatchGetRecord"),
        ("s3", "GET", "http://[::1]:4566", "/bucket/api/0123/project.json"),
        ("s3", "PUT", "https://s3.eu-west-1.amazonaws.com", "/bucket/hive/year=2026/a_b-c.d~e.json"),
    ],
)
@pytest.mark.parametrize("credentials", [KEY, WITH_TOKEN])
@pytest.mark.parametrize("body", [b"", "51,jubilación\n".encode()])
def test_the_signature_is_botocores(
    service: str, method: str, address: str, path: str, credentials: Credentials, body: bytes
) -> None:
    given = {"Content-Type": "text/csv", "If-None-Match": "*", "X-Amzn-SageMaker-Inference-Id": "a  b "}
    # What is sent plain and would be escaped, S3 escapes before it compares; botocore's callers have.
    request = AWSRequest(method=method, url=address + quote(path, safe="/-_.~"), data=body, headers=given)
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(credentials.get_frozen_credentials(), service, "eu-west-1").add_auth(request)
    now = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    url = yarl.URL(address + path, encoded=True)
    signed = Signer("eu-west-1").headers(
        credentials.get_frozen_credentials(),
        service,
        method,
        url.host_port_subcomponent or "",
        url.raw_path,
        given,
        body,
        now,
    )

    assert signed == dict(request.headers.items())


def test_a_key_is_made_anew_for_another_day_and_another_secret() -> None:
    def signature(signer: Signer, credentials: Credentials, day: int) -> str:
        frozen, now = credentials.get_frozen_credentials(), datetime(2026, 1, day, tzinfo=UTC)
        service, method, address, path = CALL
        signed = signer.headers(frozen, service, method, address, path, {}, b"", now)
        return signed["Authorization"].rpartition("=")[2]

    kept = Signer("eu-west-1")
    other = Credentials("AKIDEXAMPLE", "another")
    asked = [(KEY, 1), (KEY, 2), (other, 2), (KEY, 2)]

    signatures = [signature(kept, *each) for each in asked]

    assert signatures == [signature(Signer("eu-west-1"), *each) for each in asked]
    assert len(set(signatures)) == 3
