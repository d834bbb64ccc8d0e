"""A request for predictions, from records to answers."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from api.aws import Aws
from api.breaker import Breaker
from api.encodings import Encodings
from api.errors import BadRequestError, NotFoundError, RecordError, UnprocessableError
from api.invocation import Invocation, Invoked, OtherEncoderError, Prediction, invoke
from api.lookup import OnlineStore
from api.metrics import Metrics
from api.project import Project
from api.rows import TooFarError, encoded_csv, raw_csv
from api.schema import Record
from api.served_model import ServedModel, ServedModels

log = logging.getLogger(__name__)

MOST_RECORDS = 1000
# What InvokeEndpoint and S3 both take; shorter than the API's own \S[\p{Print}]*.
INFERENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
VARIANT = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")
LONGEST_ENTITY_ID = 256


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a caller may ask for beside the answer, each None where it is left open."""

    inference_id: str | None = None
    variant: str | None = None
    entity_id: str | None = None
    contributions: bool = False

    def check(self) -> None:
        """Raise BadRequestError for what cannot be wished for."""
        if self.inference_id is not None and not INFERENCE_ID.fullmatch(self.inference_id):
            raise BadRequestError("X-Inference-Id must be 1 to 64 of letters, digits and . _ : -")
        if self.variant is not None and not VARIANT.fullmatch(self.variant):
            raise BadRequestError("X-Target-Variant must be a variant's name")
        if self.entity_id is not None and not 0 < len(self.entity_id) <= LONGEST_ENTITY_ID:
            raise BadRequestError(f"X-Entity-Id must have 1 to {LONGEST_ENTITY_ID} characters")


def wants_contributions(document: dict[str, Any]) -> bool:
    """Whether a body asks for contributions. Raises BadRequestError."""
    wanted = document.get("contributions", False)
    if not isinstance(wanted, bool):
        raise BadRequestError("contributions must be true or false")
    return wanted


def checked_records(project: Project, document: dict[str, Any]) -> list[Record]:
    """The records of a body. Raises BadRequestError and UnprocessableError, which names rows and fields."""
    records = document.get("records")
    if not isinstance(records, list) or not 1 <= len(records) <= MOST_RECORDS:
        raise BadRequestError(f"the body must be {{'records': [...]}} with 1 to {MOST_RECORDS} records")
    schema, takes_text = project.schema_, project.unreadable_numbers == "missing"
    faults = [
        fault
        for row, record in enumerate(records, start=1)
        for fault in schema.faults(row, record, takes_text)
    ]
    if faults:
        raise _unprocessable(faults)
    return records


@dataclass(frozen=True, slots=True)
class Rows:
    """What the endpoint gets: raw rows, or rows that were encoded as the encoder of that digest does."""

    body: bytes
    encoder_sha256: str | None = None


class Predictor:
    """Answers for one project."""

    def __init__(
        self,
        project: Project,
        aws: Aws,
        store: OnlineStore,
        models: ServedModels,
        encodings: Encodings,
        breaker: Breaker,
        metrics: Metrics,
        invoke_seconds: float,
    ) -> None:
        self.project = project
        self.models = models
        self._aws = aws
        self._store = store
        self._encodings = encodings
        self._breaker = breaker
        self._metrics = metrics
        self._invoke_seconds = invoke_seconds

    async def predict(self, records: Sequence[Record], wishes: Wishes) -> dict[str, object]:
        """The answer. Raises an ApiError."""
        inference_id = wishes.inference_id or uuid4().hex
        served = await self.models.now()
        variant = _chosen_variant(served, wishes)
        rows = await self._rows(records, served, variant)
        try:
            invoked = await self._invoke(rows, inference_id, variant, len(records), wishes.contributions)
        except OtherEncoderError as error:
            # Another version has begun to serve since the endpoint was looked at. Nothing was predicted.
            log.info("encoding.changed project=%s reason=%r", self.project.project, str(error))
            served = await self.models.anew()
            variant = _chosen_variant(served, wishes)
            rows = Rows(raw_csv(self.project.schema_, records))
            invoked = await self._invoke(rows, inference_id, variant, len(records), wishes.contributions)
        self._metrics.predicted(self.project.project, len(records))
        features = "raw" if rows.encoder_sha256 is None else "looked up"
        return _answer(invoked, served, inference_id, features) | self._unreadable(records)

    def _unreadable(self, records: Sequence[Record]) -> dict[str, object]:
        """What the answer says of text where numbers belong; nothing where there is none."""
        if self.project.unreadable_numbers == "refuse":
            return {}
        schema = self.project.schema_
        found = [
            each.document()
            for row, record in enumerate(records, start=1)
            for each in schema.unreadable(row, record)
        ]
        return {"unreadable": found} if found else {}

    async def _invoke(
        self, rows: Rows, inference_id: str, variant: str | None, count: int, is_explained: bool
    ) -> Invoked:
        schema = self.project.schema_
        # A model's own order: numbers first.
        names = [*(each.name for each in schema.numeric), *(each.name for each in schema.categorical)]
        return await invoke(
            self._aws,
            self._breaker,
            Invocation(
                self.project.endpoint_name,
                rows.body,
                inference_id,
                variant,
                rows.encoder_sha256,
                names if is_explained else (),
            ),
            schema.labels,
            count,
            self._invoke_seconds,
        )

    async def _rows(self, records: Sequence[Record], served: ServedModel | None, variant: str | None) -> Rows:
        """The records encoded for the version that will answer; raw where that is not known for certain."""
        schema, lookup = self.project.schema_, self.project.lookup
        if lookup is None:
            return Rows(raw_csv(schema, records))
        encoding = self._encodings.of(served.versions(variant) if served else ())
        if encoding is None:
            self._metrics.not_looked_up(self.project.project, len(records))
            return Rows(raw_csv(schema, records))
        keys = [schema.key(record) for record in records]
        found = await self._store.find(encoding, keys)
        unknown = [row for row, key in enumerate(keys, start=1) if key not in found]
        self._metrics.looked_up(self.project.project, len(keys) - len(unknown), len(unknown))
        if unknown and lookup.unknown_key == "refuse":
            raise _unprocessable(
                [
                    RecordError(row, None, f"has no features under the key {keys[row - 1]!r}")
                    for row in unknown
                ]
            )
        if unknown:
            # All of them: one request has one body, and the endpoint encodes to the same bits.
            return Rows(raw_csv(schema, records))
        try:
            body = encoded_csv(encoding.encoder, records, [found[key] for key in keys])
        except TooFarError as error:
            raise _unprocessable([error.error]) from error
        return Rows(body, encoding.encoder_sha256)


def _chosen_variant(served: ServedModel | None, wishes: Wishes) -> str | None:
    if wishes.variant is not None:
        if served is not None and wishes.variant not in served.variants:
            raise NotFoundError(
                f"there is no variant '{wishes.variant}'; there are: {', '.join(served.variants)}"
            )
        return wishes.variant
    if wishes.entity_id is not None and served is not None:
        return served.for_entity(wishes.entity_id)
    return None


def _answer(
    invoked: Invoked, served: ServedModel | None, inference_id: str, features: str
) -> dict[str, object]:
    variant = served.variants.get(invoked.variant or "") if served else None
    return {
        "inference_id": inference_id,
        "predictions": [_document(each) for each in invoked.predictions],
        "features": features,
        "model": {
            "endpoint_status": served.status if served else None,
            "variant": invoked.variant,
            "model_package_version": variant.model_package_version if variant else None,
            "model_package_arn": variant.model_package_arn if variant else None,
        },
    }


def _document(prediction: Prediction) -> dict[str, object]:
    document: dict[str, object] = {"label": prediction.label, "probability": prediction.probability}
    if prediction.contributions is not None:
        document |= {"contributions": prediction.contributions, "base_value": prediction.base_value}
    return document


def _unprocessable(faults: Sequence[RecordError]) -> UnprocessableError:
    first = faults[0]
    what = f"row {first.row}" + (f", field {first.field}" if first.field is not None else "")
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return UnprocessableError(f"{what}: {first.reason}{more}", errors=[fault.document() for fault in faults])
