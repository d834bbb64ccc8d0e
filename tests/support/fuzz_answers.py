"""What the tests of strange requests share: their seed, and what each answer is held against.

SLIPWAY_FUZZ_SEED is another seed (by default 0), SLIPWAY_FUZZ_TIMES so many times as many
requests (by default 1).
"""

import json
import os
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.support.containers import run_python, wait_until
from tests.support.process_usage import Usage, usage_of
from tests.support.serving_fuzz import CSV, JSON, JSON_LINES, Case, case, rows_of, torn
from tests.support.wire import Caller, Reply, request

SEED = int(os.environ.get("SLIPWAY_FUZZ_SEED", "0"))
TIMES = int(os.environ.get("SLIPWAY_FUZZ_TIMES", "1"))
INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
# Longer than any server here waits for a request to go on.
PATIENCE_SECONDS = 75.0
# No rows, in the ways that `rows_of` finds out.
NO_ROWS = (ValueError, TypeError, KeyError, OverflowError, RecursionError)

# XGBoost itself, on the rows that were answered.
REFERENCE = """
import numpy, xgboost
rows = [[float(cell) if cell else numpy.nan for cell in line.split(",")] for line in open("/opt/ml/rows.csv")]
booster = xgboost.Booster(model_file="/opt/ml/model/model.ubj")
matrix = xgboost.DMatrix(numpy.array(rows, dtype=numpy.float32), feature_names=booster.feature_names)
print(booster.predict(matrix).astype("<f4").tobytes().hex())
"""


@dataclass(slots=True)
class Answers:
    """What was answered 200, to be compared with the model's own answers in one go."""

    rows: list[str] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def note(self, each: Case, reply: Reply) -> None:
        """A served model's answer to a case. Fails where it cannot be one to what was sent."""
        self.statuses[reply.status] += 1
        if each.expects is not None:
            assert reply.status == 200, (each, reply)
            rows = [client.encoded() for client in each.expects]
        elif reply.status == 200:
            try:
                rows = rows_of(each.content_type, each.body)
            except NO_ROWS as error:
                raise AssertionError(f"{each.headers} {each.body[:2000]!r} has no rows") from error
        else:
            assert 400 <= reply.status < 500, (each.headers, each.body[:2000], reply)
            return
        self.keep(each.body, rows, probabilities(reply))

    def keep(self, body: bytes, rows: Sequence[Sequence[str]], answered: Sequence[float]) -> None:
        """Probabilities that were answered to encoded rows."""
        assert len(answered) == len(rows), (body[:2000], answered)
        self.rows += [",".join(row) for row in rows]
        self.probabilities += answered
        self.bodies += [body[:2000]] * len(rows)

    def wrong(self, image: str, trained: Path) -> list[tuple[bytes, str, float, float]]:
        """Body, row, answer and the model's own answer, where those differ in a bit."""
        (trained / "rows.csv").write_text("\n".join(self.rows) + "\n")
        told = bytes.fromhex(run_python(image, REFERENCE, trained).strip())
        expected = struct.unpack(f"<{len(self.rows)}f", told)
        asked = zip(self.bodies, self.rows, self.probabilities, expected, strict=True)
        return [each for each in asked if struct.pack("<f", each[2]) != struct.pack("<f", each[3])]


def probabilities(reply: Reply) -> list[float]:
    """What an answer says, in any of its formats."""
    text = reply.body.decode()
    if reply.content_type == CSV:
        return [float(line.split(",")[1]) for line in text.splitlines()]
    if reply.content_type == JSON_LINES:
        return [json.loads(line)["probability"] for line in text.splitlines()]
    assert reply.content_type == JSON
    return [each["probability"] for each in json.loads(text)["predictions"]]


def asked(
    caller: Caller, path: str, count: int, source: random.Random, see: Callable[[Case, Reply], None]
) -> None:
    """Ask `count` times; one of twenty is no whole request, and is answered with a refusal or not at all."""
    for _ in range(count):
        if source.random() < 0.05:
            strange = torn(path, source)
            for reply in caller.ask_alone(strange):
                assert reply.status < 500, (strange[:500], reply)
            continue
        each = case(source)
        each.headers[INFERENCE_ID] = uuid4().hex
        see(each, caller.ask(request(path, each.headers, each.body, source)))


def settled(container: object, before: Usage, files: int = 0) -> Usage:
    """What a container holds once it has given up what its callers have."""

    def look() -> Usage | None:
        now = usage_of(container)
        return (
            now
            if now.files <= before.files + files and now.connections <= before.connections + files
            else None
        )

    return wait_until(look, f"files and connections to be as few as in {before}")


def slow_caller(host: str, port: int) -> socket.socket:
    """A connection on which a request has begun, and does not go on."""
    connection = socket.create_connection((host, port))
    connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: fuzz\r\nContent-Le")
    return connection


def parted_with(slow: Sequence[socket.socket], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether the server ends every one of those connections, none without having said why."""
    for each in slow:
        each.settimeout(seconds)
        if not each.recv(100).startswith(b"HTTP/1.1 408 "):
            return False
    return True
