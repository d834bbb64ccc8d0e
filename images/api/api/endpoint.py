"""An endpoint and InvokeEndpoint: what is asked goes out, failures come back with statuses of their own."""

import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from api.aws import Aws, AwsAnswer, AwsCall, AwsError, AwsTimeoutError, AwsUnreachableError
from api.breaker import Breaker
from api.errors import (
    ApiError,
    BadGatewayError,
    PayloadTooLargeError,
    UnavailableError,
    UnprocessableError,
    UpstreamTooSlowError,
)
from api.metrics import Metrics
from api.served_model import ServedModels
from api.settings import Settings

log = logging.getLogger(__name__)

# The API model's limit of InvokeEndpoint's Body.
MOST_BYTES = 6_291_456
# When to come again while an endpoint is created, updated or short of capacity.
BUSY_SECONDS = 5
CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class OtherModelError(BadGatewayError):
    """What was asked was made for another model than the one that answers, which predicted nothing."""


class Question(Protocol[T_co]):
    """What a kind of project asks an endpoint, and how it reads the answer."""

    @property
    def body(self) -> bytes:
        """What is sent."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its media type, the one that is wanted back, and what else InvokeEndpoint is told."""

    @property
    def answer_form(self) -> str:
        """What an answer is, in words: "a line of …"."""

    @property
    def refusals(self) -> Mapping[int, Callable[[str], ApiError]]:
        """What refusals of the model mean, by status, where they mean more than that; each takes words."""

    def read(self, answer: AwsAnswer) -> T_co:
        """What a success says. Raises ValueError where it is none, and an ApiError for other reasons."""


@dataclass(frozen=True, slots=True)
class Invoked(Generic[T]):
    """The answer, and the variant that gave it."""

    answer: T
    variant: str | None


@dataclass(frozen=True, slots=True)
class Means:
    """What every project is answered with."""

    aws: Aws
    metrics: Metrics
    settings: Settings


class Endpoint:
    """One endpoint, asked once a question and left alone while it fails; `models` knows what it serves."""

    def __init__(
        self, means: Means, name: str, learn: Callable[[Iterable[str]], Awaitable[None]] | None = None
    ) -> None:
        settings = means.settings
        self.name = name
        self.models = ServedModels(means.aws, name, settings.model_seconds, time.monotonic, learn)
        self._aws = means.aws
        self._seconds = settings.invoke_seconds
        self._breaker = Breaker(
            f"the endpoint '{name}'", settings.breaker_failures, settings.breaker_seconds, time.monotonic
        )

    async def ask(self, question: Question[T], inference_id: str, variant: str | None) -> Invoked[T]:
        """Ask once: what was sent may have been answered and captured, so it is not sent again.

        Raises an ApiError: UnprocessableError for what the model refuses, OtherModelError for what was
        made for another model, UnavailableError while the endpoint is not in service, BadGatewayError or
        UpstreamTooSlowError where it fails.
        """
        if len(question.body) > MOST_BYTES:
            raise PayloadTooLargeError(
                f"the records are more than the {MOST_BYTES} bytes that an endpoint takes"
            )
        self._breaker.enter()
        try:
            answer = await self._aws.send(self._call(question, inference_id, variant))
            found = self._read(answer, question)
        except (AwsError, ApiError) as error:
            refusal = self._refusal(error)
            if isinstance(refusal, UnprocessableError | OtherModelError):
                self._breaker.succeeded()
            elif isinstance(refusal, UnavailableError) and not isinstance(error, AwsError):
                # It is there and says that it cannot now; that it goes on asking is no harm.
                self._breaker.succeeded()
            else:
                self._breaker.failed()
            raise refusal from error
        except BaseException:
            self._breaker.left()
            raise
        self._breaker.succeeded()
        return Invoked(found, answer.headers.get("x-amzn-invoked-production-variant"))

    def _call(self, question: Question[T], inference_id: str, variant: str | None) -> AwsCall:
        headers = {**question.headers, "X-Amzn-SageMaker-Inference-Id": inference_id}
        if variant is not None:
            headers["X-Amzn-SageMaker-Target-Variant"] = variant
        return AwsCall(
            service="runtime",
            name="InvokeEndpoint",
            method="POST",
            path=f"/endpoints/{self.name}/invocations",
            body=question.body,
            headers=headers,
            seconds=self._seconds,
        )

    def _read(self, answer: AwsAnswer, question: Question[T]) -> T:
        if answer.status != 200:
            raise self._failure(answer, question)
        try:
            return question.read(answer)
        except (ValueError, RecursionError) as error:
            log.warning("endpoint.unreadable endpoint=%s reason=%r", self.name, str(error))
            raise BadGatewayError(
                f"the answer of the endpoint '{self.name}' is not {question.answer_form}"
            ) from error

    def _refusal(self, error: Exception) -> ApiError:
        if isinstance(error, ApiError):
            return error
        log.warning("endpoint.failed endpoint=%s reason=%r", self.name, str(error))
        if isinstance(error, AwsUnreachableError):
            return UnavailableError(f"the endpoint '{self.name}' cannot be reached", retry_after=BUSY_SECONDS)
        if isinstance(error, AwsTimeoutError):
            return UpstreamTooSlowError(f"the endpoint '{self.name}' did not answer in time")
        return BadGatewayError(f"the endpoint '{self.name}' broke off its answer")

    def _failure(self, answer: AwsAnswer, question: Question[T]) -> ApiError:
        """What an error of InvokeEndpoint means here (API reference, InvokeEndpoint, Errors)."""
        document, code = answer.document(), answer.code
        original = document.get("OriginalStatusCode")
        if answer.status == 424 and isinstance(original, int) and 400 <= original < 500:
            return question.refusals.get(original, _refused_records)(_model_words(document))
        log.warning("endpoint.failed endpoint=%s status=%d code=%s", self.name, answer.status, code)
        if answer.status == 424:
            return BadGatewayError(f"the model behind the endpoint '{self.name}' failed")
        if answer.status in (429, 503):
            return UnavailableError(f"the endpoint '{self.name}' takes no more now", retry_after=BUSY_SECONDS)
        if code.startswith("ValidationError") and "not found" in answer.message:
            return UnavailableError(f"the endpoint '{self.name}' is not in service", retry_after=BUSY_SECONDS)
        return BadGatewayError(f"the endpoint '{self.name}' answered {answer.status} {code}".rstrip())


def _refused_records(words: str) -> ApiError:
    return UnprocessableError(f"the model refused the records: {words}")


def _model_words(document: dict[str, object]) -> str:
    """The model's own reason: {"error": …} or plain text, cut."""
    told = str(document.get("OriginalMessage") or document.get("Message") or "")
    try:
        parsed = json.loads(told)
    except (ValueError, RecursionError):
        parsed = None
    reason = parsed.get("error") if isinstance(parsed, dict) else None
    return str(reason or told)[:500]
