"""An image whose model server does what a test tells it, by its environment and by each request."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import docker

from tests.support.containers import LABELS

BIND_TO_PORT = 'LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port="true"'

# Environment: STARTS_AFTER (seconds), EXIT (say LAST_WORDS and end with that code), ANSWER (what a plain
# request is answered with). A request {"do": ...} is carried out; everything else is answered with ANSWER.
PROGRAM = r"""
import json, os, signal, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

time.sleep(float(os.environ.get("STARTS_AFTER", "0")))
if "EXIT" in os.environ:
    print(os.environ.get("LAST_WORDS", ""), file=sys.stderr, flush=True)
    sys.exit(int(os.environ["EXIT"]))


goes_on = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def say(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.say(200, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            wish = json.loads(body)
        except ValueError:
            wish = {}
        do = wish.get("do") if isinstance(wish, dict) else None
        if do == "die":
            os._exit(7)
        elif do == "sleep":
            time.sleep(wish["seconds"])
            self.say(200, b"slept", Content_Type="text/plain")
        elif do == "fail":
            self.say(wish["status"], wish["text"].encode("latin-1"), Content_Type="text/plain")
        elif do == "drip":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            for part in (b"one", b"two"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
                goes_on.wait(60)
            self.wfile.write(b"0\r\n\r\n")
        elif do == "go on":
            goes_on.set()
            self.say(200, b"")
        elif do == "connect":
            try:
                socket.create_connection((wish["host"], wish["port"]), timeout=5).close()
                self.say(200, b"connected")
            except OSError as error:
                self.say(200, repr(error).encode())
        elif do == "hang up":
            self.close_connection = True
        elif do == "show":
            shown = {"path": self.path, "headers": dict(self.headers), "environment": dict(os.environ)}
            shown["model"] = {
                name: open("/opt/ml/model/" + name).read()
                for name in os.listdir("/opt/ml/model")
                if os.path.isfile("/opt/ml/model/" + name)
            }
            shown["arguments"] = sys.argv[1:]
            shown["host"] = os.uname().nodename
            self.say(200, json.dumps(shown).encode(), Content_Type="application/json")
        else:
            attributes = self.headers.get("X-Amzn-SageMaker-Custom-Attributes")
            more = {"X_Amzn_SageMaker_Custom_Attributes": "seen:" + attributes} if attributes else {}
            text = os.environ.get("ANSWER", "{body}").replace("{body}", body.decode("utf-8", "replace"))
            self.say(200, text.encode(), Content_Type="text/csv; charset=utf-8", **more)


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128


server = Server(("0.0.0.0", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
# Connections that were kept would be waited for.
os._exit(0)
"""


def asked_to(do: str, **wish: object) -> bytes:
    """The body of a request that is carried out."""
    return json.dumps({"do": do, **wish}).encode()


@contextmanager
def scripted_server_image(python_image: str, is_bindable: bool = True) -> Iterator[str]:
    """An image of the server above, made from one with Python; gone at the end."""
    with program_image(python_image, PROGRAM, is_bindable) as image:
        yield image


@contextmanager
def program_image(python_image: str, program: str, is_bindable: bool = True) -> Iterator[str]:
    """An image that runs a program of Python's, made from one with Python; gone at the end."""
    repository, tag = "slipway-tests/scripted-server", uuid4().hex[:8]
    with closing(docker.from_env()) as engine:
        container = engine.containers.create(python_image, labels=LABELS)
        try:
            changes = ["ENTRYPOINT " + json.dumps(["python", "-u", "-c", program]), "CMD []"]
            if is_bindable:
                changes.append(BIND_TO_PORT)
            container.commit(repository, tag, changes="\n".join(changes))
        finally:
            container.remove()
        try:
            yield f"{repository}:{tag}"
        finally:
            engine.images.remove(f"{repository}:{tag}", force=True)
