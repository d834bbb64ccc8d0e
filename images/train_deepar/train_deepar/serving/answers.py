"""What the server answers to each request, without a socket."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from train_deepar.configuration import Configuration
from train_deepar.decoding import decode
from train_deepar.errors import RequestError
from train_deepar.forecaster import Forecaster
from train_deepar.instances import InstanceReader
from train_deepar.media import JSON, accepted, request_media_type
from train_deepar.responses import render
from train_deepar.series import Series
from train_deepar.serving.meters import CONTENT_TYPE, Meters
from train_deepar.serving.settings import MEBIBYTE, ServingSettings

log = logging.getLogger(__name__)

# One alone and some together: a model's kernels differ.
WARM_SERIES = 8


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; `series` is how many it has forecasts for."""

    status: int
    content_type: str = ""
    body: bytes = b""
    series: int = 0
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A whole HTTP request, as far as it decides the answer."""

    method: str
    path: str
    content_type: str | None = None
    accept: str | None = None
    body: bytes = field(default=b"", repr=False)


class Answers:
    """Answers requests with one model. `answer` never raises."""

    def __init__(self, forecaster: Forecaster, settings: ServingSettings, meters: Meters) -> None:
        self._forecaster = forecaster
        self._settings = settings
        self._meters = meters
        self._reader = InstanceReader(forecaster.panel, forecaster.history, forecaster.context_length)
        self._routes = {
            "/ping": ("GET", self._ping),
            "/invocations": ("POST", self._invocations),
            "/execution-parameters": ("GET", self._execution_parameters),
            "/metrics": ("GET", self._metrics),
        }

    def warm_up(self) -> None:
        """Forecast as callers will, so that none of them waits for what is built lazily."""
        horizon = self._forecaster.prediction_length
        held = list(self._forecaster.history.values())[:WARM_SERIES]
        series = [_continued(each, horizon) for each in held]
        for some in (series[:1], series):
            self._body(JSON, some, self._settings.configuration, horizon)

    def answer(self, request: Request) -> Reply:
        """The answer, on any thread; to /invocations one at a time, for the model has one set of threads."""
        try:
            method, route = self._routes.get(request.path, ("", self._nowhere))
            if method and request.method != method and (method, request.method) != ("GET", "HEAD"):
                return refusal(405, f"Use {method} for {request.path}.", ("Allow", method))
            return route(request)
        except RequestError as error:
            # repr keeps the line a single one, whatever a name held.
            log.warning("invocation.refused status=%d reason=%r", error.status, str(error))
            return _json_reply(error.status, error.as_document())
        # The outermost function of a request: what fails here is our own fault.
        except Exception:
            log.exception("request.failed path=%r bytes=%d", request.path, len(request.body))
            return refusal(500, "The server failed; its log says why.")

    def _ping(self, _request: Request) -> Reply:
        return Reply(200)

    def _nowhere(self, _request: Request) -> Reply:
        return refusal(404, f"There is {', '.join(self._routes)}.")

    def _execution_parameters(self, _request: Request) -> Reply:
        return _json_reply(
            200,
            {
                # Each forecast keeps one core busy.
                "MaxConcurrentTransforms": self._settings.workers,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": self._settings.limits.body_bytes // MEBIBYTE,
            },
        )

    def _metrics(self, _request: Request) -> Reply:
        facts = {
            "estimator": str(self._forecaster.manifest["estimator"]),
            "series": str(len(self._forecaster.history)),
            "prediction_length": str(self._forecaster.prediction_length),
        }
        return Reply(200, CONTENT_TYPE, self._meters.text(facts).encode())

    def _invocations(self, request: Request) -> Reply:
        media_type = request_media_type(request.content_type)
        answered = accepted(request.accept, self._settings.media_type or media_type)
        asked = decode(media_type, request.body, self._settings.configuration)
        horizon = asked.configuration.horizon(self._forecaster.prediction_length)
        asked.configuration.check_size(len(asked.instances), horizon)
        series = self._reader.read(asked.instances, horizon)
        return Reply(200, answered, self._body(answered, series, asked.configuration, horizon), len(series))

    def _body(
        self, media_type: str, series: Sequence[Series], configuration: Configuration, horizon: int
    ) -> bytes:
        samples = self._forecaster.sample(series, horizon, configuration.num_samples, configuration.seed)
        return render(media_type, configuration, self._forecaster.panel, series, samples)


def _continued(series: Series, horizon: int) -> Series:
    """A series that the model holds, with its last day's features on each day of the horizon."""
    past = series.dynamic_feat[:, : len(series.target)]
    return replace(
        series, dynamic_feat=np.concatenate([past, np.repeat(past[:, -1:], horizon, axis=1)], axis=1)
    )


def _json_reply(status: int, document: dict[str, object], *headers: tuple[str, str]) -> Reply:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate of a caller's JSON may be quoted in the text.
    return Reply(status, JSON, text.encode("utf-8", errors="replace"), headers=headers)


def refusal(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    """A refusal in the form of every other."""
    return _json_reply(status, {"error": text}, *headers)
