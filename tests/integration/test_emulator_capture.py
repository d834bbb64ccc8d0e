"""What was answered is captured, whether or not the control plane is killed among hundreds of requests.

`make bench BENCH=capture` asks the same of 30,000 requests.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from benchmarks.capture import inference_ids, invocation
from benchmarks.open_loop import OpenLoop, Outcome
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.endpoints import Endpoints, capture_to, endpoints_of, variant
from tests.support.scripted_server import scripted_server_image

RATE, MOST_REQUESTS = 250, 250 * 60
# How many are answered before the kill, and again after it.
ON_EITHER_SIDE = 400
CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def server_image(preprocess_image: str) -> Iterator[str]:
    with scripted_server_image(preprocess_image) as image:
        yield image


async def killed_under_load(emulator: Emulator, requests: OpenLoop) -> Outcome:
    """What became of requests among which the emulator was killed and started again."""
    asking = asyncio.create_task(requests.run(RATE, MOST_REQUESTS))
    answered = requests.outcome.answered

    async def until(count: int) -> None:
        while len(answered) < count and not asking.done():
            await asyncio.sleep(0.01)

    await until(ON_EITHER_SIDE)
    await asyncio.to_thread(emulator.kill)
    before = len(answered)
    await asyncio.to_thread(emulator.restart)
    await until(before + ON_EITHER_SIDE)
    requests.enough()
    return await asking


def test_every_answered_request_is_captured_once_when_the_emulator_is_killed_under_load(
    emulator: Emulator, server_image: str
) -> None:
    with endpoints_of(emulator, server_image) as endpoints:
        capture = capture_to(f"s3://{emulator.bucket}/under-load")
        name = endpoints.in_service(
            endpoints.config(variant(endpoints.answering("0.91")), DataCaptureConfig=capture)
        )
        address = urlsplit(emulator.endpoint_url)
        assert address.hostname is not None
        assert address.port is not None
        requests = OpenLoop(
            address.hostname, address.port, lambda number: invocation(name, b"1.0,2\n", f"r-{number}", CSV)
        )

        outcome = asyncio.run(killed_under_load(emulator, requests))

        answered = {f"r-{number}" for number in outcome.answered}
        counted = wait_until(lambda: captured(endpoints, name, answered), "every answered request")

    # Killed in their midst: some had no answer, and there were answers on both sides of them.
    assert outcome.unanswered > 0
    assert len(answered) >= 2 * ON_EITHER_SIDE
    assert set(outcome.statuses) == {200}
    assert {each: count for each, count in counted.items() if count > 1} == {}


def captured(endpoints: Endpoints, name: str, expected: set[str]) -> Counter[str] | None:
    """How often each inference id is in S3, once those that are expected are."""
    counted = Counter(inference_ids(endpoints.objects(f"under-load/{name}/").values()))
    return counted if expected <= set(counted) else None
