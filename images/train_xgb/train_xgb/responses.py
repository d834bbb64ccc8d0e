"""Probabilities to response bodies."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

from train_xgb.media import CSV, JSON, MEDIA_TYPES

PREDICTED_LABEL = "predicted_label"
PROBABILITY = "probability"
CONTENTS = (PREDICTED_LABEL, PROBABILITY)


@dataclass(frozen=True, slots=True)
class ResponseSettings:
    """What an answer holds, and in which format where the caller leaves that open.

    `media_type` is None where the answer takes the format of the request.
    """

    contents: tuple[str, ...] = CONTENTS
    media_type: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ResponseSettings":
        """The settings in `environ`. Raises ContractError for words that it does not know."""
        text = environ.get("SAGEMAKER_INFERENCE_OUTPUT") or ",".join(CONTENTS)
        contents = tuple(word.strip() for word in text.split(","))
        if not set(contents) <= set(CONTENTS) or len(set(contents)) < len(contents):
            raise ContractError(
                f"SAGEMAKER_INFERENCE_OUTPUT={text!r} must be one or both of {', '.join(CONTENTS)}, "
                "separated by a comma."
            )
        media_type = environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or None
        if media_type is not None and media_type not in MEDIA_TYPES:
            raise ContractError(
                f"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT={media_type!r} must be one of "
                f"{', '.join(MEDIA_TYPES)}."
            )
        return cls(contents, media_type)


def predictions(
    probabilities: npt.NDArray[np.float32], threshold: float, negative: str, positive: str
) -> list[dict[str, object]]:
    """Label and probability of each row.

    The probability is the positive label's, as the shortest decimal that
    reads back as the same float32.
    """
    return [
        {
            PREDICTED_LABEL: positive if probability >= threshold else negative,
            PROBABILITY: float(str(probability)),
        }
        for probability in probabilities
    ]


def render(media_type: str, rows: list[dict[str, object]], contents: tuple[str, ...]) -> bytes:
    """The response body: `contents` of each row, in their order."""
    chosen = [{name: row[name] for name in contents} for row in rows]
    if media_type == CSV:
        return _csv(chosen)
    if media_type == JSON:
        return json.dumps({"predictions": chosen}, ensure_ascii=False).encode("utf-8")
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chosen).encode("utf-8")


def _csv(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row.values() for row in rows)
    return text.getvalue().encode("utf-8")
