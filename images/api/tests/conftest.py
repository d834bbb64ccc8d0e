"""An application over a scripted upstream, and a small project."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from api.app import create_app
from api.documents import parse_project
from api.keys import new_key
from api.kinds import AnyProject
from api.service import Service
from api.settings import Settings
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from tests.forecasting import DOCUMENT as FORECASTING
from tests.forecasting import one_forecast_a_series
from tests.upstream import PACKAGE, Upstream, running_upstream

SECRET, KEY = new_key("tests")
SCHEMA = {
    "version": 1,
    "target": {"name": "y", "positive": "yes", "negative": "no"},
    "features": [
        {"name": "age", "type": "Integral", "minimum": 18, "maximum": 120, "nullable": False},
        {"name": "job", "type": "String", "nullable": False, "categories": [
            {"value": "admin.", "encoded_name": "job_admin"},
            {"value": "student", "encoded_name": "job_student"}]},
        {"name": "rate", "type": "Fractional", "nullable": True},
        {"name": "city", "type": "String", "nullable": True, "categories": [
            {"value": "Bonn", "encoded_name": "city_bonn"}]},
    ],
}  # fmt: skip
ENCODER = {
    "version": 1,
    "numeric": [{"name": "age", "mean": 40.5, "scale": 10.25}, {"name": "rate", "mean": 0.0, "scale": 1.0}],
    "encoded_names": ["age", "rate", "job_admin", "job_student", "city_bonn"],
}
LOOKUP = {"unknown_key": "raw"}
# What the version that serves says of its rows.
METADATA = {"feature-group-name": "people-1", "encoder-uri": "s3://bucket/7/encoder.json"}
DOCUMENT = {
    "version": 1,
    "project": "people",
    "kind": "tabular",
    "schema": SCHEMA,
    "endpoint_name": "people-endpoint",
    "ground_truth_uri": "s3://bucket/truth",
}
RECORD: dict[str, Any] = {"age": 51, "job": "student", "rate": 0.25, "city": None}
# What the online store has of each combination.
COLUMNS = {
    f"{job},{city}": {
        "job_admin": str(int(job == "admin.")),
        "job_student": str(int(job == "student")),
        "city_bonn": str(int(city == "Bonn")),
    }
    for job in ("admin.", "student")
    for city in ("", "Bonn")
}
AWS = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}


def project(**changes: Any) -> AnyProject:
    return parse_project(json.dumps(DOCUMENT | changes).encode(), "project.json")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        running.metadata = {PACKAGE: METADATA}
        running.files = {"/bucket/7/encoder.json": json.dumps(ENCODER).encode()}
        yield running


@pytest.fixture
def aws_environ(monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> dict[str, str]:
    # botocore takes credentials from the process's own environment.
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    return AWS | {"AWS_ENDPOINT_URL": upstream.url}


@contextmanager
def client_of(service: Service) -> Iterator[TestClient]:
    """A client of the application, opened and closed on the client's own loop."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await service.open()
        yield
        await service.close()

    outer = Starlette(routes=[Mount("/", create_app(service))], lifespan=lifespan)
    with TestClient(outer, headers={"X-Api-Key": SECRET}) as client:
        yield client


@pytest.fixture
def api(tmp_path: Path, aws_environ: dict[str, str]) -> Iterator[Callable[..., TestClient]]:
    """Starts an application: api(changes of the project, other projects ..., API_... = ...)."""
    with ExitStack() as stack:

        def start(
            changes: dict[str, Any] | None = None, *others: dict[str, Any], **settings: str
        ) -> TestClient:
            for document in (DOCUMENT | (changes or {}), *others):
                (tmp_path / f"{document['project']}.json").write_text(json.dumps(document))
            keys = json.dumps({"keys": [KEY.model_dump(exclude_none=True)]})
            given = {"API_PROJECTS": str(tmp_path), "API_KEYS": keys, **settings}
            service = Service(Settings.from_environ(given), aws_environ)
            return stack.enter_context(client_of(service))

        yield start


@pytest.fixture
def client(api: Callable[..., TestClient]) -> TestClient:
    return api()


@pytest.fixture
def shops(api: Callable[..., TestClient], upstream: Upstream) -> TestClient:
    """A client of the small project and of the forecasting one, whose endpoint answers."""
    upstream.invoke = one_forecast_a_series
    return api(None, FORECASTING)
