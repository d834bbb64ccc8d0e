"""A request for predictions of rows, from records to answers."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from api.body import only
from api.endpoint import Endpoint, Invoked, Means, OtherModelError
from api.errors import BadRequestError, RecordError, unprocessable
from api.served_model import ServedModel, answered_by
from api.tabular.description import MOST_RECORDS
from api.tabular.encodings import Encodings
from api.tabular.ground_truth import GroundTruth
from api.tabular.labels import checked_labels, take_in
from api.tabular.lookup import OnlineStore
from api.tabular.project import TabularProject
from api.tabular.question import Prediction, RowsQuestion
from api.tabular.rows import TooFarError, encoded_csv, raw_csv
from api.tabular.schema import Record
from api.wishes import Wishes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rows:
    """What the endpoint gets: raw rows, or rows that were encoded as the encoder of that digest does."""

    body: bytes
    encoder_sha256: str | None = None


class TabularPredictor:
    """Answers for one project of rows."""

    def __init__(self, project: TabularProject, means: Means) -> None:
        self.project = project
        self._metrics = means.metrics
        self._store = OnlineStore(means.aws, means.settings.lookup_seconds)
        self._encodings = Encodings(means.aws, project.schema_)
        learn = self._encodings.learn if project.lookup else None
        self.endpoint = Endpoint(means, project.endpoint_name, learn)
        uri = project.ground_truth_uri
        self._ground_truth = GroundTruth(means.aws, uri) if uri else None

    async def predict(self, body: dict[str, Any], wishes: Wishes) -> dict[str, object]:
        """The answer. Raises an ApiError, which names rows and fields of records that are none."""
        only(body, "records", "contributions")
        is_explained = _wants_contributions(body)
        records = self._checked(body)
        inference_id = wishes.inference_id or uuid4().hex
        served = await self.endpoint.models.now()
        variant = wishes.chosen_variant(served)
        rows = await self._rows(records, served, variant)
        try:
            invoked = await self._invoke(rows, inference_id, variant, len(records), is_explained)
        except OtherModelError as error:
            # Another version has begun to serve since the endpoint was looked at. Nothing was predicted.
            log.info("encoding.changed project=%s reason=%r", self.project.project, str(error))
            served = await self.endpoint.models.anew()
            variant = wishes.chosen_variant(served)
            rows = Rows(raw_csv(self.project.schema_, records))
            invoked = await self._invoke(rows, inference_id, variant, len(records), is_explained)
        self._metrics.predicted(self.project.project, len(records))
        return {
            "inference_id": inference_id,
            "predictions": [_document(each) for each in invoked.answer],
            "features": "raw" if rows.encoder_sha256 is None else "looked up",
            "model": answered_by(served, invoked.variant),
            **self._unreadable(records),
        }

    async def take_in(self, body: dict[str, Any]) -> dict[str, object]:
        """Store labels; the answer. Raises an ApiError."""
        only(body, "labels")
        labels = checked_labels(self.project, body)
        return await take_in(self.project.project, self._ground_truth, labels, self._metrics)

    def _checked(self, body: dict[str, Any]) -> list[Record]:
        records = body.get("records")
        if not isinstance(records, list) or not 1 <= len(records) <= MOST_RECORDS:
            raise BadRequestError(f"the body must be {{'records': [...]}} with 1 to {MOST_RECORDS} records")
        schema, takes_text = self.project.schema_, self.project.unreadable_numbers == "missing"
        faults = [
            fault
            for row, record in enumerate(records, start=1)
            for fault in schema.faults(row, record, takes_text)
        ]
        if faults:
            raise unprocessable(faults)
        return records

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
    ) -> Invoked[tuple[Prediction, ...]]:
        schema = self.project.schema_
        # A model's own order: numbers first.
        names = [*(each.name for each in schema.numeric), *(each.name for each in schema.categorical)]
        explained = names if is_explained else ()
        question = RowsQuestion(
            self.endpoint.name, rows.body, count, schema.labels, rows.encoder_sha256, explained
        )
        return await self.endpoint.ask(question, inference_id, variant)

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
            raise unprocessable(
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
            raise unprocessable([error.error]) from error
        return Rows(body, encoding.encoder_sha256)


def _wants_contributions(body: dict[str, Any]) -> bool:
    wanted = body.get("contributions", False)
    if not isinstance(wanted, bool):
        raise BadRequestError("contributions must be true or false")
    return wanted


def _document(prediction: Prediction) -> dict[str, object]:
    document: dict[str, object] = {"label": prediction.label, "probability": prediction.probability}
    if prediction.contributions is not None:
        document |= {"contributions": prediction.contributions, "base_value": prediction.base_value}
    return document
