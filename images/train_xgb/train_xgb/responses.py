"""Probabilities to response bodies."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

from train_xgb.artefact import Contributions
from train_xgb.media import CSV, JSON, MEDIA_TYPES

PREDICTED_LABEL = "predicted_label"
PROBABILITY = "probability"
CONTRIBUTIONS = "contributions"
BASE_VALUE = "base_value"
CONTENTS = (PREDICTED_LABEL, PROBABILITY, CONTRIBUTIONS)
DEFAULT_CONTENTS = (PREDICTED_LABEL, PROBABILITY)

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ResponseSettings:
    """What an answer holds, and in which format where the caller leaves that open.

    `media_type` is None where the answer takes the format of the request.
    """

    contents: tuple[str, ...] = DEFAULT_CONTENTS
    media_type: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ResponseSettings":
        """The settings in `environ`. Raises ContractError for words that it does not know."""
        text = environ.get("SAGEMAKER_INFERENCE_OUTPUT") or ",".join(DEFAULT_CONTENTS)
        contents = tuple(word.strip() for word in text.split(","))
        if not set(contents) <= set(CONTENTS) or len(set(contents)) < len(contents):
            raise ContractError(
                f"SAGEMAKER_INFERENCE_OUTPUT={text!r} must be one or more of {', '.join(CONTENTS)}, "
                "separated by commas."
            )
        media_type = environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or None
        if media_type is not None and media_type not in MEDIA_TYPES:
            raise ContractError(
                f"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT={media_type!r} must be one of "
                f"{', '.join(MEDIA_TYPES)}."
            )
        return cls(contents, media_type)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A row's text before and after its probability, of a row with one of the labels."""

    before: str
    after: str
    has_probability: bool

    def around(self, probability: str) -> str:
        return self.before + probability + self.after if self.has_probability else self.before


class Renderer:
    """Writes answers of one format and one content.

    A number is the shortest decimal that reads back as the same float32.
    """

    def __init__(
        self, media_type: str, contents: tuple[str, ...], labels: tuple[str, str], threshold: float
    ) -> None:
        """`labels` are the negative and the positive one; from `threshold` on a row is positive."""
        self._media_type = media_type
        self._contents = contents
        self._labels = labels
        # As NumPy compares a float32 with a number: both in float32.
        self._threshold = float(np.float32(threshold))
        self.has_contributions = CONTRIBUTIONS in contents
        self._pieces = tuple(self._split(label) for label in labels)
        if media_type == JSON:
            self._start, self._between, self._end = '{"predictions": [', ", ", "]}"
        else:
            self._start, self._between, self._end = "", "\n", "\n"

    def one(self, probability: float) -> bytes:
        """The body for one row, whose probability is that float32."""
        pieces = self._pieces[probability >= self._threshold]
        text = pieces.around(str(np.float32(probability)))
        return f"{self._start}{text}{self._end}".encode()

    def many(self, probabilities: Numbers) -> bytes:
        """The body for rows with these probabilities, in their order."""
        negative, positive = self._pieces
        positives = (probabilities >= self._threshold).tolist()
        rows = [
            (positive if is_positive else negative).around(text)
            for is_positive, text in zip(positives, texts(probabilities), strict=True)
        ]
        return f"{self._start}{self._between.join(rows)}{self._end}".encode()

    def explained(self, probabilities: Numbers, contributions: Contributions) -> bytes:
        """The same with each row's contributions."""
        numbers = [texts(row) for row in contributions.values]
        rows = [
            self._explained_row(str(np.float32(probability)), contributions.names, values, base, probability)
            for probability, values, base in zip(
                probabilities.tolist(), numbers, texts(contributions.base), strict=True
            )
        ]
        return f"{self._start}{self._between.join(rows)}{self._end}".encode()

    def _explained_row(
        self, text: str, names: Sequence[str], values: Sequence[str], base: str, probability: float
    ) -> str:
        label = self._labels[probability >= self._threshold]
        if self._media_type == CSV:
            cells = {
                PREDICTED_LABEL: _csv_cell(label),
                PROBABILITY: text,
                CONTRIBUTIONS: ",".join((*values, base)),
            }
            return ",".join(cells[name] for name in self._contents)
        added = ", ".join(f"{_json(name)}: {value}" for name, value in zip(names, values, strict=True))
        members = {
            PREDICTED_LABEL: f'"{PREDICTED_LABEL}": {_json(label)}',
            PROBABILITY: f'"{PROBABILITY}": {text}',
            CONTRIBUTIONS: f'"{CONTRIBUTIONS}": {{{added}}}, "{BASE_VALUE}": {base}',
        }
        return "{" + ", ".join(members[name] for name in self._contents) + "}"

    def _split(self, label: str) -> _Pieces:
        if self._media_type == CSV:
            cells = {PREDICTED_LABEL: _csv_cell(label), PROBABILITY: ""}
            opening, joint, closing = "", ",", ""
        else:
            cells = {
                PREDICTED_LABEL: f'"{PREDICTED_LABEL}": {_json(label)}',
                PROBABILITY: f'"{PROBABILITY}": ',
            }
            opening, joint, closing = "{", ", ", "}"
        parts = [opening]
        for place, name in enumerate(name for name in self._contents if name in cells):
            parts[-1] += (joint if place else "") + cells[name]
            if name == PROBABILITY:
                parts.append("")
        parts[-1] += closing
        return _Pieces(parts[0], parts[-1], has_probability=len(parts) > 1)


def texts(numbers: Numbers) -> list[str]:
    """Each number as the shortest decimal that reads back as the same float32."""
    # A tenth of the time of str() on each; 32 characters hold any float32.
    return numbers.astype("U32").tolist()  # type: ignore[no-any-return]


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _csv_cell(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()
