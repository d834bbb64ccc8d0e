"""More than ten thousand strange requests: no failure of ours, no wrong answer, nothing left behind.

Made from a seed, so that a failure comes again. SLIPWAY_FUZZ_SEED is another seed (by
default 0), SLIPWAY_FUZZ_TIMES so many times as many requests (by default 1).
"""

import json
import os
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.containers import Endpoint, run_job, run_python, serving, wait_until
from tests.support.emulator import Emulator
from tests.support.endpoints import endpoints_of, variant
from tests.support.process_usage import Usage, usage_of
from tests.support.serving_fuzz import CSV, JSON, JSON_LINES, Case, case, rows_of, torn
from tests.support.train_xgb_data import write_training_root
from tests.support.wire import Caller, Reply, request

SEED = int(os.environ.get("SLIPWAY_FUZZ_SEED", "0"))
TIMES = int(os.environ.get("SLIPWAY_FUZZ_TIMES", "1"))
SERVE_REQUESTS, EMULATOR_REQUESTS = 4000 * TIMES, 2000 * TIMES
SLOW_CALLERS = 200
MEBIBYTE = 1024 * 1024

# XGBoost itself, on the rows that were answered.
REFERENCE = """
import numpy, xgboost
rows = [[float(cell) if cell else numpy.nan for cell in line.split(",")] for line in open("/opt/ml/rows.csv")]
booster = xgboost.Booster(model_file="/opt/ml/model/model.ubj")
matrix = xgboost.DMatrix(numpy.array(rows, dtype=numpy.float32), feature_names=booster.feature_names)
print(booster.predict(matrix).astype("<f4").tobytes().hex())
"""


@pytest.fixture(scope="module")
def trained(train_xgb_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training job that is done."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", {"num_round": "60", "eta": "0.2"})
    assert run_job(train_xgb_image, ["train"], root).exit_code == 0
    return root


@dataclass(slots=True)
class Answers:
    """What was answered 200, to be compared with the model's own answers in one go."""

    rows: list[str] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def note(self, each: Case, reply: Reply) -> None:
        """An answer to a case. Fails where it cannot be one to what was sent."""
        self.statuses[reply.status] += 1
        if each.expects is not None:
            assert reply.status == 200, (each, reply)
            rows = [client.encoded() for client in each.expects]
        elif reply.status == 200:
            try:
                rows = rows_of(each.content_type, each.body)
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
                raise AssertionError(f"{each.headers} {each.body[:2000]!r} has no rows") from error
        else:
            assert 400 <= reply.status < 500, (each.headers, each.body[:2000], reply)
            return
        answered = probabilities(reply)
        assert len(answered) == len(rows), (each.headers, each.body[:2000], reply.body[:2000])
        self.rows += [",".join(row) for row in rows]
        self.probabilities += answered
        self.bodies += [each.body[:2000]] * len(rows)

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


@pytest.fixture(scope="module")
def endpoint(train_xgb_image: str, trained: Path) -> Iterator[Endpoint]:
    with serving(train_xgb_image, trained / "model") as running:
        yield running


def test_a_serving_container_answers_rightly_or_refuses_and_keeps_nothing(
    endpoint: Endpoint, train_xgb_image: str, trained: Path
) -> None:
    source, answers = random.Random(SEED), Answers()
    idle = usage_of(endpoint.container)
    with ExitStack() as stack:
        slow = [stack.enter_context(slow_caller(endpoint.host, endpoint.port)) for _ in range(SLOW_CALLERS)]
        caller = stack.enter_context(Caller(endpoint.host, endpoint.port))
        # What is built once, and what the largest bodies need, is there after the first half.
        asked(caller, "/invocations", SERVE_REQUESTS // 2, source, answers.note)
        half_way = usage_of(endpoint.container)
        asked(caller, "/invocations", SERVE_REQUESTS // 2, source, answers.note)
        assert {each.fileno() >= 0 for each in slow} == {True}
    after = settled(endpoint.container, idle)

    assert answers.wrong(train_xgb_image, trained) == []
    assert answers.statuses[200] > SERVE_REQUESTS * 0.4
    assert answers.statuses[400] > SERVE_REQUESTS * 0.2
    assert after.bytes < half_way.bytes + 16 * MEBIBYTE


def slow_caller(host: str, port: int) -> socket.socket:
    """A connection on which a request has begun, and does not go on."""
    connection = socket.create_connection((host, port))
    connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: fuzz\r\nContent-Le")
    return connection


def test_invoke_endpoint_answers_rightly_or_refuses_and_keeps_nothing(
    emulator: Emulator, train_xgb_image: str, trained: Path
) -> None:
    source, answers = random.Random(SEED + 1), Answers()
    address = urlsplit(emulator.endpoint_url)
    host, port = str(address.hostname), int(address.port or 0)

    def see(each: Case, reply: Reply) -> None:
        # Whatever the container refuses is an error of the model's, whose own status is in the answer.
        if reply.status == 424:
            own = json.loads(reply.body)["OriginalStatusCode"]
            assert 400 <= own < 500, (each.headers, each.body[:2000], reply)
        answers.note(each, reply)

    with endpoints_of(emulator, train_xgb_image) as endpoints:
        files = {path.name: path.read_bytes() for path in (trained / "model").iterdir()}
        model = endpoints.model(train_xgb_image, ModelDataUrl=endpoints.store_model(files))
        path = f"/endpoints/{endpoints.in_service(endpoints.config(variant(model)))}/invocations"
        idle = usage_of(emulator.container)
        with ExitStack() as stack:
            for _ in range(SLOW_CALLERS):
                stack.enter_context(slow_caller(host, port))
            caller = stack.enter_context(Caller(host, port))
            asked(caller, path, EMULATOR_REQUESTS // 2, source, see)
            half_way = usage_of(emulator.container)
            asked(caller, path, EMULATOR_REQUESTS // 2, source, see)
        # It keeps some connections to the endpoint, to Docker and to S3.
        after = settled(emulator.container, idle, files=16)

    assert answers.wrong(train_xgb_image, trained) == []
    assert answers.statuses[200] > EMULATOR_REQUESTS * 0.4
    assert answers.statuses[424] > EMULATOR_REQUESTS * 0.2
    assert after.bytes < half_way.bytes + 16 * MEBIBYTE
