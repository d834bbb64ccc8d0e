"""InvokeEndpoint: rows go out, labels and probabilities come back, failures have their own statuses."""

import csv
import io
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from api.explanations import ACCEPT, HEADER, check_features, no_contributions

log = logging.getLogger(__name__)

# The API model's limit of InvokeEndpoint's Body.
MOST_BYTES = 6_291_456
# What a model answers to rows of another encoder than its own (RFC 9110, 412: a precondition failed).
OTHER_ENCODER = 412
# When to come again while an endpoint is created, updated or short of capacity.
BUSY_SECONDS = 5


class OtherEncoderError(BadGatewayError):
    """The rows are another encoder's than the model's, which therefore predicted nothing."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one record; the probability is the positive label's.

    Contributions, where they were asked for, are what each feature adds to the
    log-odds; they and the base value sum to the probability's.
    """

    label: str
    probability: float
    contributions: Mapping[str, float] | None = None
    base_value: float | None = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """What to ask of which endpoint."""

    endpoint_name: str
    body: bytes
    inference_id: str
    variant: str | None = None
    # Whose rows these are; None for raw ones, which the model encodes itself.
    encoder_sha256: str | None = None
    # The features, in the model's order, whose contributions are wanted; none are where there are none.
    explained: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Invoked:
    """The answer, and the variant that gave it."""

    predictions: tuple[Prediction, ...]
    variant: str | None


async def invoke(
    aws: Aws, breaker: Breaker, invocation: Invocation, labels: Sequence[str], rows: int, seconds: float
) -> Invoked:
    """Ask once: what was sent may have been answered and captured, so it is not sent again.

    Raises an ApiError: UnprocessableError for rows that the model refuses, OtherEncoderError for rows
    that were encoded for another model, UnavailableError while the endpoint is not in service,
    BadGatewayError or UpstreamTooSlowError where it fails.
    """
    if len(invocation.body) > MOST_BYTES:
        raise PayloadTooLargeError(f"the records are more than the {MOST_BYTES} bytes that an endpoint takes")
    breaker.enter()
    try:
        answer = await aws.send(_call(invocation, seconds))
        predictions = _predictions(answer, invocation, labels, rows)
    except (AwsError, ApiError) as error:
        refusal = _refusal(error, invocation.endpoint_name)
        if isinstance(refusal, UnprocessableError | OtherEncoderError):
            breaker.succeeded()
        elif isinstance(refusal, UnavailableError) and not isinstance(error, AwsError):
            # It is there and says that it cannot now; that it goes on asking is no harm.
            breaker.succeeded()
        else:
            breaker.failed()
        raise refusal from error
    except BaseException:
        breaker.left()
        raise
    breaker.succeeded()
    return Invoked(predictions, answer.headers.get("x-amzn-invoked-production-variant"))


def _call(invocation: Invocation, seconds: float) -> AwsCall:
    headers = {
        "Content-Type": "text/csv",
        # What is captured is then CSV on both sides, as Model Monitor's examples have it.
        "Accept": ACCEPT if invocation.explained else "text/csv",
        "X-Amzn-SageMaker-Inference-Id": invocation.inference_id,
    }
    if invocation.variant is not None:
        headers["X-Amzn-SageMaker-Target-Variant"] = invocation.variant
    if invocation.encoder_sha256 is not None:
        headers["X-Amzn-SageMaker-Custom-Attributes"] = f"encoder={invocation.encoder_sha256}"
    return AwsCall(
        service="runtime",
        name="InvokeEndpoint",
        method="POST",
        path=f"/endpoints/{invocation.endpoint_name}/invocations",
        body=invocation.body,
        headers=headers,
        seconds=seconds,
    )


def _refusal(error: Exception, endpoint_name: str) -> ApiError:
    if isinstance(error, ApiError):
        return error
    log.warning("endpoint.failed endpoint=%s reason=%r", endpoint_name, str(error))
    if isinstance(error, AwsUnreachableError):
        return UnavailableError(f"the endpoint '{endpoint_name}' cannot be reached", retry_after=BUSY_SECONDS)
    if isinstance(error, AwsTimeoutError):
        return UpstreamTooSlowError(f"the endpoint '{endpoint_name}' did not answer in time")
    return BadGatewayError(f"the endpoint '{endpoint_name}' broke off its answer")


def _predictions(
    answer: AwsAnswer, invocation: Invocation, labels: Sequence[str], rows: int
) -> tuple[Prediction, ...]:
    endpoint_name = invocation.endpoint_name
    if answer.status != 200:
        raise _failure(answer, invocation)
    if invocation.explained:
        check_features(answer.headers.get(HEADER), endpoint_name, invocation.explained)
    try:
        lines = [line for line in csv.reader(io.StringIO(answer.body.decode())) if line]
        found = tuple(_prediction(line, invocation.explained) for line in lines)
        if len(found) != rows or any(
            each.label not in labels or not 0 <= each.probability <= 1 for each in found
        ):
            raise ValueError("other rows or labels than were asked for")
    except (ValueError, csv.Error) as error:
        log.warning("endpoint.unreadable endpoint=%s reason=%r", endpoint_name, str(error))
        raise BadGatewayError(
            f"the answer of the endpoint '{endpoint_name}' is not a line of label and probability a record"
        ) from error
    return found


def _prediction(cells: Sequence[str], explained: Sequence[str]) -> Prediction:
    """A line: label and probability, then contributions and base value where they are wanted.

    Raises ValueError.
    """
    if not explained:
        label, probability = cells
        return Prediction(label, float(probability))
    label, probability, *values, base_value = cells
    contributions = dict(zip(explained, map(float, values), strict=True))
    if not all(map(math.isfinite, (*contributions.values(), float(base_value)))):
        raise ValueError("a contribution is no finite number")
    return Prediction(label, float(probability), contributions, float(base_value))


def _failure(answer: AwsAnswer, invocation: Invocation) -> ApiError:
    """What an error of InvokeEndpoint means here (API reference, InvokeEndpoint, Errors)."""
    endpoint_name = invocation.endpoint_name
    document, code = answer.document(), answer.code
    original = document.get("OriginalStatusCode")
    if answer.status == 424 and original == OTHER_ENCODER and invocation.encoder_sha256 is not None:
        return OtherEncoderError(_model_words(document))
    if answer.status == 424 and original == 406 and invocation.explained:
        return no_contributions(endpoint_name, f"it says {_model_words(document)!r}")
    if answer.status == 424 and isinstance(original, int) and 400 <= original < 500:
        return UnprocessableError(f"the model refused the records: {_model_words(document)}")
    log.warning("endpoint.failed endpoint=%s status=%d code=%s", endpoint_name, answer.status, code)
    if answer.status == 424:
        return BadGatewayError(f"the model behind the endpoint '{endpoint_name}' failed")
    if answer.status in (429, 503):
        return UnavailableError(f"the endpoint '{endpoint_name}' takes no more now", retry_after=BUSY_SECONDS)
    if code.startswith("ValidationError") and "not found" in answer.message:
        return UnavailableError(f"the endpoint '{endpoint_name}' is not in service", retry_after=BUSY_SECONDS)
    return BadGatewayError(f"the endpoint '{endpoint_name}' answered {answer.status} {code}".rstrip())


def _model_words(document: dict[str, object]) -> str:
    """The model's own reason: {"error": …} or plain text, cut."""
    told = str(document.get("OriginalMessage") or document.get("Message") or "")
    try:
        parsed = json.loads(told)
    except (ValueError, RecursionError):
        parsed = None
    reason = parsed.get("error") if isinstance(parsed, dict) else None
    return str(reason or told)[:500]
