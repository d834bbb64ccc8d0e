"""What the server answers to each request, without a socket."""

import json
import logging
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from train_xgb.artefact import Model
from train_xgb.columns import decode_columns
from train_xgb.decoding import decode
from train_xgb.errors import RequestError
from train_xgb.media import CSV, JSON, accepted, request_media_type
from train_xgb.plain_csv import PlainCsv
from train_xgb.responses import CONTRIBUTIONS, Renderer, ResponseSettings
from train_xgb.serving.custom_attributes import check_encoder, contributions_of
from train_xgb.serving.meters import CONTENT_TYPE, Meters
from train_xgb.serving.settings import MEBIBYTE
from train_xgb.single import SingleRows

log = logging.getLogger(__name__)

# Below this, some thousand rows of CSV, a batch is done in about three
# milliseconds; handing it to a thread and back costs a sixth of that.
LONG_BYTES = 160 * 1024
# A row's contributions take as long as a hundred rows without.
LONG_BYTES_EXPLAINED = 2 * 1024
# From a few rows on the columns' way is the faster one.
COLUMNS_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; `rows` is how many it has predictions for."""

    status: int
    content_type: str = ""
    body: bytes = b""
    rows: int = 0
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A whole HTTP request, as far as it decides the answer."""

    method: str
    path: str
    content_type: str | None = None
    accept: str | None = None
    body: bytes = field(default=b"", repr=False)
    custom_attributes: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a request with certain headers is read and answered."""

    media_type: str
    renderer: Renderer
    content_type: str


class Answers:
    """Answers requests with one model. `answer` never raises."""

    def __init__(self, model: Model, responses: ResponseSettings, body_bytes: int, meters: Meters) -> None:
        self._model = model
        self._responses = responses
        self._body_bytes = body_bytes
        self._meters = meters
        self._single = SingleRows(model.encoder)
        self._plain = PlainCsv(model.encoder)
        # A model on principal components takes NumPy's way for one row too.
        self._predict_row = model.booster.row_predictor() if model.pca is None else None
        # Callers repeat their headers.
        self._plan = lru_cache(maxsize=256)(self._planned)
        self._routes = {
            "/ping": ("GET", self._ping),
            "/invocations": ("POST", self._invocations),
            "/execution-parameters": ("GET", self._execution_parameters),
            "/metrics": ("GET", self._metrics),
        }

    def warm_up(self) -> None:
        """Answer once in every way, so that no caller waits for what is built lazily."""
        encoder = self._model.encoder
        row = np.zeros((1, len(encoder.encoded_names)), dtype=np.float32)
        start = len(encoder.numeric)
        for category in encoder.categorical:
            row[0, start] = 1
            start += category.width
        plain, pointed = (
            ",".join(f"{number:{form}}" for number in row[0].tolist()).encode() + b"\n"
            for form in ("g", ".1f")
        )
        many = 2 + COLUMNS_BYTES // len(plain)
        for line, count in ((plain, 1), (plain, 1), (plain, many), (pointed, many)):
            for accept in (None, JSON):
                reply = self.answer(Request("POST", "/invocations", CSV, accept, line * count))
                if reply.status != 200:
                    raise RuntimeError(f"The model does not answer for {line!r}: {reply.body!r}")

    def is_long(self, request: Request) -> bool:
        """Whether answering takes so long that other callers should not wait for it."""
        size = len(request.body)
        if size <= LONG_BYTES_EXPLAINED or request.path != "/invocations":
            return False
        if size > LONG_BYTES:
            return True
        return CONTRIBUTIONS in self._responses.contents or CONTRIBUTIONS in (request.accept or "").lower()

    def answer(self, request: Request) -> Reply:
        """The answer; for one that `is_long` on any thread, else always on the same one."""
        try:
            method, route = self._routes.get(request.path, ("", self._nowhere))
            if method and request.method != method and (method, request.method) != ("GET", "HEAD"):
                return _refusal(405, f"Use {method} for {request.path}.", ("Allow", method))
            return route(request)
        except RequestError as error:
            # repr keeps the line a single one, whatever a cell held.
            log.warning("invocation.refused status=%d reason=%r", error.status, str(error))
            return _json_reply(error.status, error.as_document())
        # The outermost function of a request: what fails here is our own fault.
        except Exception:
            log.exception("request.failed path=%r bytes=%d", request.path, len(request.body))
            return _refusal(500, "The server failed; its log says why.")

    def _ping(self, _request: Request) -> Reply:
        return Reply(200)

    def _nowhere(self, _request: Request) -> Reply:
        return _refusal(404, f"There is {', '.join(self._routes)}.")

    def _execution_parameters(self, _request: Request) -> Reply:
        return _json_reply(
            200,
            {
                # Each prediction keeps one core busy.
                "MaxConcurrentTransforms": self._meters.workers,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": self._body_bytes // MEBIBYTE,
            },
        )

    def _metrics(self, _request: Request) -> Reply:
        facts = {
            "xgboost_version": str(self._model.manifest["xgboost_version"]),
            "rounds": str(self._model.booster.num_boosted_rounds()),
        }
        return Reply(200, CONTENT_TYPE, self._meters.text(facts).encode())

    def _invocations(self, request: Request) -> Reply:
        if request.custom_attributes is not None:
            check_encoder(request.custom_attributes, self._model.encoder_digest)
        plan = self._plan(request.content_type, request.accept)
        if self._predict_row is not None and not plan.renderer.has_contributions:
            row = self._single.read(plan.media_type, request.body)
            if row is not None:
                return Reply(200, plan.content_type, plan.renderer.one(self._predict_row(row)), 1)
        encoded = self._encoded(plan.media_type, request.body)
        probabilities = self._model.probabilities(encoded)
        if plan.renderer.has_contributions:
            contributions = self._model.contributions(encoded)
            body = plan.renderer.explained(probabilities, contributions)
            named = contributions_of(contributions.names)
            return Reply(200, plan.content_type, body, len(encoded), (named,))
        return Reply(200, plan.content_type, plan.renderer.many(probabilities), len(encoded))

    def _encoded(self, media_type: str, body: bytes) -> npt.NDArray[np.float32]:
        """The rows by the first way that is sure of them; the last one says what is wrong."""
        encoded = None
        if media_type == CSV and len(body) > COLUMNS_BYTES:
            encoded = self._plain.read(body)
        if encoded is None and len(body) > COLUMNS_BYTES:
            encoded = decode_columns(media_type, body, self._model.encoder)
        return decode(media_type, body, self._model.encoder) if encoded is None else encoded

    def _planned(self, content_type: str | None, accept: str | None) -> _Plan:
        media_type = request_media_type(content_type)
        choice = accepted(accept, self._responses.media_type or media_type)
        contents = self._responses.contents
        if choice.contributions and CONTRIBUTIONS not in contents:
            contents = (*contents, CONTRIBUTIONS)
        encoder = self._model.encoder
        labels = (encoder.negative, encoder.positive)
        renderer = Renderer(choice.media_type, contents, labels, self._model.decision_threshold)
        charset = "; charset=utf-8" if choice.media_type == CSV else ""
        return _Plan(media_type, renderer, choice.media_type + charset)


def _json_reply(status: int, document: dict[str, object], *headers: tuple[str, str]) -> Reply:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate of a caller's JSON may be quoted in the text.
    return Reply(status, JSON, text.encode("utf-8", errors="replace"), headers=headers)


def _refusal(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    return _json_reply(status, {"error": text}, *headers)


def refusal(status: int, text: str) -> Reply:
    """A refusal of what is not even a request."""
    log.warning("request.refused status=%d reason=%r", status, text)
    return _refusal(status, text)
