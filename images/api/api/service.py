"""Everything one process holds, put together once."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from api.aws import Aws, AwsCall, AwsError
from api.breaker import Breaker
from api.encodings import Encodings
from api.errors import NotFoundError, SettingsError
from api.ground_truth import GroundTruth
from api.keys import KeyRing, RateLimit
from api.lookup import OnlineStore
from api.metrics import Metrics
from api.predictions import Predictor
from api.project import S3_URI, Project, by_name, parse_project, sources
from api.served_model import ServedModels
from api.settings import Settings


class Service:
    """Projects, keys and connections; `open` before the first request, `close` after the last."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        """Raises SettingsError."""
        self.settings = settings
        self.metrics = Metrics()
        self.keys = KeyRing(settings.keys, settings.keys_file, time.monotonic)
        self.rate = RateLimit(settings.rate_per_second, settings.rate_burst, time.monotonic)
        # A request has one call under way, or a few look-ups or labels.
        self._aws = Aws(environ, self.metrics, connections=2 * settings.max_concurrency)
        self._sources = sources(settings.projects)
        self.projects: dict[str, Project] = {}
        self._predictors: dict[str, Predictor] = {}
        self._ground_truths: dict[str, GroundTruth | None] = {}

    async def open(self) -> None:
        """Read the projects' documents. Raises SettingsError."""
        await self._aws.open()
        self.projects = by_name([await self._read(source) for source in self._sources])
        for name, project in self.projects.items():
            self._predictors[name] = self._predictor(project)
            uri = project.ground_truth_uri
            self._ground_truths[name] = GroundTruth(self._aws, uri) if uri else None

    async def close(self) -> None:
        """Leave nothing open."""
        await asyncio.gather(*(predictor.models.close() for predictor in self._predictors.values()))
        await self._aws.close()

    def predictor(self, project: str) -> Predictor:
        """Who answers for a project. Raises NotFoundError."""
        try:
            return self._predictors[project]
        except KeyError:
            raise NotFoundError("there is no such project") from None

    def ground_truth(self, project: str) -> GroundTruth | None:
        """Where a project's labels go; None for a project without."""
        return self._ground_truths[project]

    async def unready(self) -> dict[str, str]:
        """The projects that cannot be answered for now, each with its endpoint's status."""
        found = {}
        for name, predictor in self._predictors.items():
            served = await predictor.models.now()
            # While it is updated an endpoint answers with what it had.
            if served is None or served.status not in (
                "InService",
                "Updating",
                "SystemUpdating",
                "RollingBack",
            ):
                found[name] = served.status if served else "not there, or not to be asked"
        return found

    def _predictor(self, project: Project) -> Predictor:
        settings = self.settings
        endpoint = project.endpoint_name
        encodings = Encodings(self._aws, project.schema_)
        return Predictor(
            project,
            self._aws,
            OnlineStore(self._aws, settings.lookup_seconds),
            ServedModels(
                self._aws,
                endpoint,
                settings.model_seconds,
                time.monotonic,
                encodings if project.lookup else None,
            ),
            encodings,
            Breaker(
                f"the endpoint '{endpoint}'",
                settings.breaker_failures,
                settings.breaker_seconds,
                time.monotonic,
            ),
            self.metrics,
            settings.invoke_seconds,
        )

    async def _read(self, source: Path | str) -> Project:
        if isinstance(source, Path):
            return parse_project(source.read_bytes(), str(source))
        found = S3_URI.fullmatch(source)
        assert found, "sources() has checked it"
        call = AwsCall("s3", "GetObject", "GET", f"/{found[1]}/{found[2]}", is_safe=True)
        try:
            answer = await self._aws.send(call)
        except AwsError as error:
            raise SettingsError(f"{source} cannot be read: {error}") from error
        if answer.status != 200:
            raise SettingsError(f"{source} cannot be read: S3 answered {answer.status}")
        return parse_project(answer.body, source)
