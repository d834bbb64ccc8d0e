"""Everything one process holds, put together once."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from api.aws import Aws, AwsCall, AwsError
from api.documents import by_name, parse_project, sources
from api.endpoint import Means
from api.errors import NotFoundError, SettingsError
from api.keys import KeyRing, RateLimit
from api.kinds import AnyProject, Predictor, predictor_of
from api.metrics import Metrics
from api.project import S3_URI
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
        self.projects: dict[str, AnyProject] = {}
        self._predictors: dict[str, Predictor] = {}

    async def open(self) -> None:
        """Read the projects' documents. Raises SettingsError."""
        await self._aws.open()
        self.projects = by_name([await self._read(source) for source in self._sources])
        means = Means(self._aws, self.metrics, self.settings)
        for name, project in self.projects.items():
            self._predictors[name] = predictor_of(project, means)

    async def close(self) -> None:
        """Leave nothing open."""
        await asyncio.gather(*(predictor.endpoint.models.close() for predictor in self._predictors.values()))
        await self._aws.close()

    def predictor(self, project: str) -> Predictor:
        """Who answers for a project. Raises NotFoundError."""
        try:
            return self._predictors[project]
        except KeyError:
            raise NotFoundError("there is no such project") from None

    async def unready(self) -> dict[str, str]:
        """The projects that cannot be answered for now, each with its endpoint's status."""
        found = {}
        for name, predictor in self._predictors.items():
            served = await predictor.endpoint.models.now()
            # While it is updated an endpoint answers with what it had.
            if served is None or served.status not in (
                "InService",
                "Updating",
                "SystemUpdating",
                "RollingBack",
            ):
                found[name] = served.status if served else "not there, or not to be asked"
        return found

    async def _read(self, source: Path | str) -> AnyProject:
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
