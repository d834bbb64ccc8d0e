"""Strange requests to a served model and through InvokeEndpoint: no 5xx, no wrong answer, nothing kept.

With those to the API (test_fuzz_api.py) they are more than ten thousand, made from a
seed, so that a failure comes again; tests/support/fuzz_answers.py says how to make others, and more.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.capture import inference_ids
from tests.support.containers import Endpoint, run_job, serving, wait_until
from tests.support.emulator import Emulator
from tests.support.endpoints import Endpoints, capture_to, endpoints_of, variant
from tests.support.fuzz_answers import (
    INFERENCE_ID,
    SEED,
    TIMES,
    Answers,
    asked,
    parted_with,
    settled,
    slow_caller,
)
from tests.support.process_usage import usage_of
from tests.support.serving_fuzz import Case
from tests.support.train_xgb_data import write_training_root
from tests.support.wire import Caller, Reply

SERVE_REQUESTS, EMULATOR_REQUESTS = 5000 * TIMES, 2500 * TIMES
SLOW_CALLERS = 200
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def trained(train_xgb_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training job that is done."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", {"num_round": "60", "eta": "0.2"})
    assert run_job(train_xgb_image, ["train"], root).exit_code == 0
    return root


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
        assert TIMES == 1 or parted_with(slow)
    after = settled(endpoint.container, idle)

    assert answers.wrong(train_xgb_image, trained) == []
    assert answers.statuses[200] > SERVE_REQUESTS * 0.4
    assert answers.statuses[400] > SERVE_REQUESTS * 0.2
    assert after.bytes < half_way.bytes + 16 * MEBIBYTE


def test_invoke_endpoint_answers_rightly_or_refuses_and_keeps_nothing(
    emulator: Emulator, train_xgb_image: str, trained: Path
) -> None:
    source, answers = random.Random(SEED + 1), Answers()
    address = urlsplit(emulator.endpoint_url)
    host, port = str(address.hostname), int(address.port or 0)

    answered: set[str] = set()

    def see(each: Case, reply: Reply) -> None:
        if reply.status == 200:
            answered.add(each.headers[INFERENCE_ID])
        # Whatever the container refuses is an error of the model's, whose own status is in the answer.
        if reply.status == 424:
            own = json.loads(reply.body)["OriginalStatusCode"]
            assert 400 <= own < 500, (each.headers, each.body[:2000], reply)
        answers.note(each, reply)

    with endpoints_of(emulator, train_xgb_image) as endpoints:
        files = {path.name: path.read_bytes() for path in (trained / "model").iterdir()}
        model = endpoints.model(train_xgb_image, ModelDataUrl=endpoints.store_model(files))
        capture = capture_to(f"s3://{emulator.bucket}/fuzz")
        config = endpoints.config(variant(model), DataCaptureConfig=capture)
        path = f"/endpoints/{endpoints.in_service(config)}/invocations"
        idle = usage_of(emulator.container)
        with ExitStack() as stack:
            slow = [stack.enter_context(slow_caller(host, port)) for _ in range(SLOW_CALLERS)]
            caller = stack.enter_context(Caller(host, port))
            asked(caller, path, EMULATOR_REQUESTS // 2, source, see)
            half_way = usage_of(emulator.container)
            asked(caller, path, EMULATOR_REQUESTS // 2, source, see)
            assert TIMES == 1 or parted_with(slow)
        # It keeps some connections to the endpoint, to Docker and to S3.
        after = settled(emulator.container, idle, files=16)
        captured = wait_until(lambda: all_of(answered, endpoints), "every answered request in S3")

    assert answers.wrong(train_xgb_image, trained) == []
    assert answers.statuses[200] > EMULATOR_REQUESTS * 0.4
    assert set(captured.values()) == {1}
    assert answers.statuses[424] > EMULATOR_REQUESTS * 0.2
    # A body of 6 MB is there several times over while it is read, in any of many threads.
    assert after.bytes < half_way.bytes + 32 * MEBIBYTE


def all_of(answered: set[str], endpoints: Endpoints) -> Counter[str] | None:
    """How often each inference id was captured, once all that were answered are."""
    found = Counter(inference_ids(endpoints.objects("fuzz/").values()))
    return found if answered <= set(found) else None
