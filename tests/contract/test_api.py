"""The api image as a container: how it starts and ends, what it refuses, and what it never says."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orchestration.api_document import api_document
from orchestration.project_file import load_project
from orchestration.settings import PROJECTS
from tests.support.api_server import KEY, ApiServer, api_server, write_documents
from tests.support.containers import run_job, wait_until

PEOPLE: dict[str, Any] = {
    "version": 1,
    "project": "people",
    "kind": "tabular",
    "endpoint_name": "people-endpoint",
    "schema": {
        "version": 1,
        "target": {"name": "y", "positive": "yes", "negative": "no"},
        "features": [
            {"name": "age", "type": "Integral", "minimum": 18, "maximum": 120, "nullable": False},
            {
                "name": "job",
                "type": "String",
                "nullable": False,
                "categories": [{"value": "student", "encoded_name": "job_student"}],
            },
        ],
    },
}
RECORD = {"age": 51, "job": "student"}
# Nothing listens on this port of the container's own loopback interface.
NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "API_BODY_SECONDS": "0.3"}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_documents(tmp_path_factory.mktemp("api") / "etc", PEOPLE)


@pytest.fixture(scope="module")
def server(api_image: str, documents: Path) -> Iterator[ApiServer]:
    with api_server(api_image, documents, NOWHERE) as running:
        yield running


def test_it_lives_without_aws_and_is_not_ready(server: ApiServer) -> None:
    live, ready = server.request("GET", "/health/live"), server.request("GET", "/health/ready")

    assert (live.status, ready.status) == (200, 503)
    assert set(ready.json["endpoints"]) == {"people"}


def test_an_endpoint_that_cannot_be_reached_is_a_503_that_says_when_to_come_again(server: ApiServer) -> None:
    answer = server.predict("people", RECORD)

    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert int(answer.headers["retry-after"]) > 0


def test_a_bad_record_is_told_by_row_and_field(server: ApiServer) -> None:
    answer = server.predict("people", RECORD, RECORD | {"age": 17})

    assert answer.status == 422
    assert answer.json["errors"] == [{"row": 2, "field": "age", "reason": "is 17, below the minimum 18"}]


@pytest.mark.parametrize("key", ["", "slw_another", KEY[:-1]])
def test_without_a_key_nothing_is_told(server: ApiServer, key: str) -> None:
    assert server.request("GET", "/v1/people/model", X_Api_Key=key).status == 401


def test_a_body_that_does_not_come_is_not_waited_for(server: ApiServer) -> None:
    with closing(server.connect()) as connection:
        connection.putrequest("POST", "/v1/people/predictions")
        for name, value in {"X-Api-Key": KEY, "Content-Type": "application/json"}.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b'{"records": [')

        status = connection.getresponse().status

    assert status == 408


def test_what_is_logged_has_neither_keys_nor_records(server: ApiServer) -> None:
    server.predict("people", {"age": 51, "job": "astronaut"}, X_Request_Id="the-one-looked-for")

    def told() -> str | None:
        said = server.logs()
        return said if "request.answered id=the-one-looked-for client=tests method=POST" in said else None

    # The line follows the answer.
    said = wait_until(told, "the request's line in the log")
    assert KEY not in said
    assert "astronaut" not in said


def test_its_own_check_finds_it_healthy(server: ApiServer) -> None:
    def healthy() -> bool | None:
        server.container.reload()
        return True if server.container.attrs["State"]["Health"]["Status"] == "healthy" else None

    assert wait_until(healthy, "the container to be healthy")
    assert server.container.exec_run(["python", "-m", "api", "health"]).exit_code == 0


@pytest.mark.parametrize("user", ["0:0", "12345:12345"])
def test_any_user_may_run_it(api_image: str, documents: Path, user: str) -> None:
    with api_server(api_image, documents, NOWHERE, user=user) as running:
        assert running.request("GET", "/openapi.json").status == 200


def test_sigterm_ends_it_with_0(api_image: str, documents: Path) -> None:
    with api_server(api_image, documents, NOWHERE) as running:
        running.container.kill(signal="SIGTERM")

        assert running.container.wait(timeout=30)["StatusCode"] == 0


def test_what_orchestration_writes_of_a_project_is_read(api_image: str, tmp_path: Path) -> None:
    written = [api_document(load_project(path.parent.name)) for path in PROJECTS.glob("*/project.yaml")]

    with api_server(api_image, write_documents(tmp_path / "etc", *written), NOWHERE) as running:
        paths = running.request("GET", "/openapi.json").json["paths"]

    assert written
    assert {f"/v1/{document['project']}/predictions" for document in written} <= set(paths)


FILE = "/opt/ml/people.json"
GOOD = {"API_PROJECTS": FILE, "API_KEYS": '{"keys": [{"client": "a", "sha256": "' + "0" * 64 + '"}]}'}


@pytest.mark.parametrize(
    ("document", "environment", "reason"),
    [
        (PEOPLE, {}, "API_PROJECTS"),
        (PEOPLE, GOOD | {"API_KEYS": ""}, "API_KEYS_FILE"),
        (PEOPLE, GOOD | {"API_KEYS": "topsecret"}, "API_KEYS is not"),
        (PEOPLE, GOOD | {"API_PROJECTS": "/nowhere", "AWS_REGION": "us-east-1"}, "/nowhere"),
        (PEOPLE, GOOD, "AWS_REGION is not set"),
        (PEOPLE | {"kind": "image"}, GOOD | {"AWS_REGION": "us-east-1"}, "'tabular', 'forecast'"),
        (
            PEOPLE | {"endpoint": "x"},
            GOOD | {"AWS_REGION": "us-east-1"},
            f"{FILE} does not describe a project",
        ),
    ],
)
def test_what_it_cannot_start_with_is_one_line(
    api_image: str, tmp_path: Path, document: dict[str, Any], environment: dict[str, str], reason: str
) -> None:
    # pytest's folder is its owner's alone; the image runs as another.
    tmp_path.chmod(0o755)
    (tmp_path / "people.json").write_text(json.dumps(document))

    outcome = run_job(api_image, [], tmp_path, environment=environment)

    assert outcome.exit_code == 1
    assert reason in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
    assert "topsecret" not in outcome.stderr


def test_a_new_key_is_shown_once_and_kept_as_a_digest(api_image: str, tmp_path: Path) -> None:
    secret, entry = run_job(api_image, ["key", "web"], tmp_path).stdout.splitlines()

    assert json.loads(entry) == {"client": "web", "sha256": hashlib.sha256(secret.encode()).hexdigest()}
    # A prefix for scanners of leaked keys, then 256 bits in base64.
    assert (secret[:4], len(secret)) == ("slw_", 4 + 43)


def test_another_command_is_told_which_there_are(api_image: str, tmp_path: Path) -> None:
    outcome = run_job(api_image, ["start"], tmp_path)

    assert outcome.exit_code == 2
    assert "serve" in outcome.stderr
