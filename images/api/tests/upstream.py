"""AWS as far as the API asks it, over real HTTP: each answer is what a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PACKAGE = "arn:aws:sagemaker:us-east-1:000000000000:model-package/people/7"
Reply = tuple[int, bytes, dict[str, str]]


def json_reply(document: object, status: int = 200, **headers: str) -> Reply:
    return status, json.dumps(document).encode(), headers


@dataclass(frozen=True, slots=True)
class Request:
    """What the API sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def one_label_a_row(request: Request) -> Reply:
    """ "yes" with 0.75 for each row of CSV; a header, which raw rows have, is no row."""
    lines = request.body.decode().splitlines()
    rows = len(lines) - lines[0].startswith("age,")
    return 200, b"yes,0.75\n" * rows, {"x-Amzn-Invoked-Production-Variant": "AllTraffic"}


@dataclass
class Upstream:
    """Where it listens, what it was asked, and what it answers."""

    url: str
    asked: list[Request] = field(default_factory=list)
    invoke: Callable[[Request], Reply] = one_label_a_row
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    batch_get: Callable[[Request], Reply] | None = None
    objects: dict[str, bytes] = field(default_factory=dict)
    package: str = PACKAGE
    # Where variants serve others than `package`.
    packages: dict[str, str] = field(default_factory=dict)
    # CustomerMetadataProperties of each version, and what S3 has that the API has not written.
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    endpoint: dict[str, Any] | None = field(
        default_factory=lambda: {
            "EndpointStatus": "InService",
            "EndpointConfigName": "config",
            "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentWeight": 1.0}],
        }
    )
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Reply:
        with self.lock:
            self.asked.append(request)
        if request.path.startswith("/endpoints/"):
            return self.invoke(request)
        if request.path == "/BatchGetRecord":
            return self.batch_get(request) if self.batch_get else self._batch_get(request)
        if "x-amz-target" in request.headers:
            return self._describe(request)
        return self._s3(request)

    def to(self, prefix: str) -> list[Request]:
        """What was asked below a path."""
        return [request for request in self.asked if request.path.startswith(prefix)]

    def _batch_get(self, request: Request) -> Reply:
        [asked] = json.loads(request.body)["Identifiers"]
        found = [
            {
                "FeatureGroupName": asked["FeatureGroupName"],
                "RecordIdentifierValueAsString": key,
                "Record": [
                    {"FeatureName": "combination", "ValueAsString": key},
                    *(
                        {"FeatureName": name, "ValueAsString": each}
                        for name, each in self.records[key].items()
                    ),
                ],
            }
            for key in asked["RecordIdentifiersValueAsString"]
            if key in self.records
        ]
        return json_reply({"Records": found, "Errors": [], "UnprocessedIdentifiers": []})

    def _describe(self, request: Request) -> Reply:
        operation = request.headers["x-amz-target"].partition(".")[2]
        if operation == "DescribeEndpoint":
            if self.endpoint is None:
                return json_reply(
                    {"__type": "ValidationException", "message": "Could not find endpoint"}, 400
                )
            return json_reply(self.endpoint)
        if operation == "DescribeEndpointConfig":
            variants = self.endpoint["ProductionVariants"] if self.endpoint else []
            return json_reply(
                {"ProductionVariants": [{**each, "ModelName": each["VariantName"]} for each in variants]}
            )
        if operation == "DescribeModelPackage":
            arn = json.loads(request.body)["ModelPackageName"]
            # AWS leaves an empty map out.
            found = self.metadata.get(arn)
            return json_reply({"CustomerMetadataProperties": found} if found else {})
        model = json.loads(request.body)["ModelName"]
        return json_reply({"Containers": [{"ModelPackageName": self.packages.get(model, self.package)}]})

    def _s3(self, request: Request) -> Reply:
        with self.lock:
            if request.method == "GET":
                found = self.objects.get(request.path, self.files.get(request.path))
                return (200, found, {}) if found is not None else (404, b"", {})
            if request.headers.get("if-none-match") == "*" and request.path in self.objects:
                return 412, b"", {}
            self.objects[request.path] = request.body
            return 200, b"", {}


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    upstream = Upstream("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            status, body, more = upstream.answer(request)
            if status == 0:  # hang up
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # callers leave, and are meant to

    server = Server(("127.0.0.1", 0), Handler)
    upstream.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
