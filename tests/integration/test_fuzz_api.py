"""Strange requests to the inference API: those that schemathesis makes of its document, and spoilt bodies."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from tests.support.api_deployment import GONE, RECORDS, Deployed, api_over, deployment
from tests.support.api_server import KEY, ApiServer
from tests.support.emulator import Emulator
from tests.support.fuzz_answers import NO_ROWS, SEED, TIMES, Answers, parted_with, settled, slow_caller
from tests.support.process_usage import usage_of
from tests.support.serving_fuzz import CELLS, JSON_VALUES, NAMES, SPOILERS, rows_of, torn
from tests.support.wire import Caller, Reply, request

REQUESTS = 2500 * TIMES
# Of each operation and kind: those that its schema allows, and others.
EXAMPLES = 40 * TIMES
SLOW_CALLERS = 200
MEBIBYTE = 1024 * 1024
REQUEST_SECONDS = 10
HEADERS = {"X-Api-Key": KEY, "Content-Type": "application/json"}
# What refusals may be: of what is sent, and of what takes too long to come.
REFUSALS = {400, 401, 404, 405, 408, 409, 413, 415, 422, 431}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the version is trained."""
    return tmp_path_factory.mktemp("trained") / "ml"


@pytest.fixture(scope="module")
def deployed(emulator: Emulator, train_xgb_image: str, root: Path) -> Iterator[Deployed]:
    with deployment(emulator, train_xgb_image, root) as served:
        yield served


@pytest.fixture(scope="module")
def server(
    deployed: Deployed, api_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiServer]:
    environ = {
        "API_RATE_PER_SECOND": "1000000",
        "API_RATE_BURST": "1000000",
        "API_REQUEST_SECONDS": str(REQUEST_SECONDS),
    }
    # Without an endpoint every answer is a 503, as it should be.
    del deployed.projects["nowhere"]
    with api_over(deployed, api_image, tmp_path_factory.mktemp("api") / "etc", environ) as running:
        yield running


def body_of(records: list[dict[str, Any]], source: random.Random) -> bytes:
    """Records as somebody might write them."""
    return json.dumps(
        {"records": records}, indent=source.choice((None, 2)), ensure_ascii=source.random() < 0.5
    ).encode()


def spoilt(records: list[dict[str, Any]], source: random.Random) -> bytes:
    """A body that need not be one."""
    if source.random() < 0.5:
        return source.choice(SPOILERS)(body_of(records, source), source)
    records = [dict(each) for each in records]
    record = source.choice(records)
    record[source.choice((*NAMES, "y"))] = source.choice((*JSON_VALUES, *CELLS))
    whole: Any = {"records": records}
    if source.random() < 0.1:
        whole = source.choice((records, {"records": record}, whole | {"more": 1}, {"instances": records}))
    return json.dumps(whole).encode()


def encoded(body: bytes) -> list[list[str]]:
    """The encoded rows of a body; raises one of NO_ROWS where there are none."""
    records = json.loads(body)["records"]
    # The API's small project calls one category otherwise, for a key joins categories by commas.
    named = [each | {"contact": CONTACTS.get(each["contact"], each["contact"])} for each in records]
    return rows_of("application/json", json.dumps(named).encode())


CONTACTS = {"letter": "by letter, post"}


def note(answers: Answers, body: bytes, is_valid: bool, reply: Reply) -> None:
    """An answer to a body. Fails where it cannot be one to what was sent."""
    answers.statuses[reply.status] += 1
    if reply.status != 200:
        assert not is_valid, (body[:2000], reply)
        assert reply.status in REFUSALS, (body[:2000], reply)
        assert reply.content_type == "application/problem+json", (body[:2000], reply)
        assert json.loads(reply.body)["status"] == reply.status
        return
    try:
        rows = encoded(body)
    except NO_ROWS as error:
        raise AssertionError(f"{body[:2000]!r} has no rows") from error
    answers.keep(body, rows, [each["probability"] for each in json.loads(reply.body)["predictions"]])


def test_bodies_are_answered_rightly_or_refused_and_nothing_is_kept(
    server: ApiServer, train_xgb_image: str, root: Path
) -> None:
    source, answers = random.Random(SEED + 2), Answers()
    known = [each for each in RECORDS if f"{each['job']},{each['contact'] or ''}" != GONE]
    idle = usage_of(server.container)
    with ExitStack() as stack:
        slow = [stack.enter_context(slow_caller("127.0.0.1", server.port)) for _ in range(SLOW_CALLERS)]
        caller = stack.enter_context(Caller("127.0.0.1", server.port))
        half_way = idle
        for number in range(REQUESTS):
            if number == REQUESTS // 2:
                half_way = usage_of(server.container)
            path = f"/v1/{source.choice(('plain', 'looked-up', 'strict'))}/predictions"
            if source.random() < 0.05:
                strange = torn(path, source)
                for reply in caller.ask_alone(strange):
                    assert reply.status < 500, (strange[:500], reply)
                continue
            records = source.choices(known, k=source.choice((1, 1, 1, 2, 5, 60)))
            is_valid = source.random() < 0.5
            body = body_of(records, source) if is_valid else spoilt(records, source)
            note(answers, body, is_valid, caller.ask(request(path, HEADERS, body, source)))
        # Who has begun and does not go on is parted with.
        assert parted_with(slow)
        # It keeps some connections to what is behind it.
        after = settled(server.container, idle, files=16)

    assert answers.wrong(train_xgb_image, root) == []
    assert answers.statuses[200] > REQUESTS * 0.4
    assert answers.statuses[422] > REQUESTS * 0.1
    assert answers.statuses[400] > REQUESTS * 0.1
    assert after.bytes < half_way.bytes + 16 * MEBIBYTE


def test_what_its_own_document_allows_and_does_not_is_answered_as_it_says(server: ApiServer) -> None:
    document = server.request("GET", "/openapi.json").json
    # Which keys that project has features under is no matter of a schema.
    del document["paths"]["/v1/strict/predictions"]
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=f"http://127.0.0.1:{server.port}")
    statuses: Counter[int] = Counter()
    failures: list[str] = []

    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a document that is none fails here
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @seed(SEED)
            @settings(
                max_examples=EXAMPLES,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                response = case.call(headers={"X-Api-Key": KEY})
                statuses[response.status_code] += 1
                try:
                    case.validate_response(response)
                except FailureGroup as group:
                    failures.extend(
                        f"{case.method} {case.path}: {each}\n{case.headers} {str(case.body)[:500]}\n"
                        f"{response.status_code} {response.content[:500]!r}"
                        for each in group.exceptions
                    )

            # Where an operation takes nothing, nothing about it can be wrong.
            with suppress(Unsatisfiable):
                ask()

    assert not failures, "\n\n".join(failures[:5])
    assert {status for status in statuses if status >= 500} == set()
    assert statuses[200] > 100
