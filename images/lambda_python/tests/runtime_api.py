"""A Runtime API that hands out events one after another and keeps what it is told."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

REQUEST_ID = "00000000-0000-4000-8000-000000000001"
END_SECONDS = 60


@dataclass
class Told:
    """What a runtime has said: the last part of the path, and the JSON."""

    said: "Queue[tuple[str, Any]]" = field(default_factory=Queue)

    def next(self) -> tuple[str, Any]:
        """The next thing it says."""
        return self.said.get(timeout=END_SECONDS)


@contextmanager
def runtime(
    handler: list[str], folder: Path, events: list[Any], **environment: str
) -> Iterator[tuple[Told, "subprocess.Popen[bytes]"]]:
    """The image's entry point in `folder`, beside a Runtime API that has `events` for it and then none."""
    told, waiting, closing = Told(), Queue[Any](), threading.Event()
    for event in events:
        waiting.put(event)

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if waiting.empty():
                closing.wait(END_SECONDS)
                return
            headers = {
                # Without a type the client hangs up.
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
                "Lambda-Runtime-Deadline-Ms": "4102444800000",
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:000000000000:function:greet",
            }
            self._answer(200, json.dumps(waiting.get()).encode(), headers)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.said.put((self.path.rpartition("/runtime/")[2], json.loads(body)))
            self._answer(202, b"", {})

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", *handler],
        cwd=folder,
        env={"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield told, process
    finally:
        closing.set()
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()
