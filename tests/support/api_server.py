"""The api image as a running server."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testcontainers.core.container import DockerContainer

from tests.support.containers import LABELS, on_loopback, wait_until

PORT = 8000
# A key, and what is kept of it: sha256 of the text (sha256sum).
KEY = "slw_the-key-of-the-tests"
KEYS = {
    "keys": [
        {
            "client": "tests",
            "sha256": "115ae66a07f40ea057d7547cf3bc6fb25e925db1888ffcc63a28e23f99066d47",
        }
    ]
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A container and where it listens."""

    container: Any
    port: int

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def request(self, method: str, path: str, document: object = None, **headers: str) -> Answer:
        """One request on a connection of its own, with the key unless told another; names have _ for -."""
        given = {"X-Api-Key": KEY, "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps(document).encode() if document is not None else b""
        with closing(self.connect()) as connection:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())

    def predict(self, project: str, *records: dict[str, Any], **headers: str) -> Answer:
        """Ask for predictions."""
        return self.request("POST", f"/v1/{project}/predictions", {"records": list(records)}, **headers)

    def logs(self) -> str:
        """All it has said."""
        text: str = self.container.logs().decode()
        return text


def write_documents(folder: Path, *projects: dict[str, Any]) -> Path:
    """A folder with the keys and the projects' documents, which anybody may read."""
    (folder / "projects").mkdir(parents=True)
    (folder / "keys.json").write_text(json.dumps(KEYS))
    for project in projects:
        (folder / "projects" / f"{project['project']}.json").write_text(json.dumps(project))
    for path in (folder, folder / "projects"):
        path.chmod(0o755)
    return folder


@contextmanager
def api_server(
    image: str, documents: Path, environ: dict[str, str] | None = None, **options: Any
) -> Iterator[ApiServer]:
    """A server with `documents` read-only at /etc/api, on a read-only root, once it lives."""
    container = (
        on_loopback(DockerContainer(image), PORT)
        .with_volume_mapping(str(documents), "/etc/api", "ro")
        .with_kwargs(labels=LABELS, read_only=True, cap_drop=["ALL"], **options)
    )
    variables = {
        "API_PROJECTS": "/etc/api/projects",
        "API_KEYS_FILE": "/etc/api/keys.json",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in (variables | (environ or {})).items():
        container.with_env(name, value)
    with container:
        wrapped = container.get_wrapped_container()
        server = ApiServer(wrapped, int(container.get_exposed_port(PORT)))

        def lives() -> bool | None:
            wrapped.reload()
            assert wrapped.status in ("created", "running"), server.logs()
            try:
                return True if server.request("GET", "/health/live").status == 200 else None
            except (OSError, http.client.HTTPException):
                return None

        wait_until(lives, "/health/live to say 200")
        yield server
