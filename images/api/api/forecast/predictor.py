"""A request for forecasts, from records to answers."""

from typing import Any
from uuid import uuid4

from api.body import only
from api.endpoint import Endpoint, Means
from api.errors import BadRequestError, NotFoundError, unprocessable
from api.forecast.description import MOST_RECORDS
from api.forecast.instances import Record, horizon, instance
from api.forecast.project import ForecastProject
from api.forecast.question import SeriesQuestion
from api.forecast.records import faults, horizon_faults
from api.served_model import answered_by
from api.wishes import Wishes


class ForecastPredictor:
    """Answers for one forecasting project."""

    def __init__(self, project: ForecastProject, means: Means) -> None:
        self.project = project
        self.endpoint = Endpoint(means, project.endpoint_name)
        self._metrics = means.metrics

    async def predict(self, body: dict[str, Any], wishes: Wishes) -> dict[str, object]:
        """The answer. Raises an ApiError, which names rows and fields of records that are none."""
        only(body, "records")
        schema = self.project.schema_
        records = self._checked(body)
        days = horizon(schema, records[0])
        question = SeriesQuestion(
            [instance(schema, record) for record in records], days, self.project.quantiles
        )
        inference_id = wishes.inference_id or uuid4().hex
        served = await self.endpoint.models.now()
        invoked = await self.endpoint.ask(question, inference_id, wishes.chosen_variant(served))
        self._metrics.predicted(self.project.project, len(records))
        self._metrics.forecast(self.project.project, len(records) * days)
        return {
            "inference_id": inference_id,
            "predictions": [forecast.document() for forecast in invoked.answer],
            "model": answered_by(served, invoked.variant),
        }

    async def take_in(self, _body: dict[str, Any]) -> dict[str, object]:
        """Refuse: what became of a forecast is no label, but days of data. Raises NotFoundError."""
        uri = self.project.actuals_uri
        where = (
            f"put them as CSV below {uri}/yyyy/mm/dd/" if uri else "put them where the project's rows come"
        )
        raise NotFoundError(
            f"the project '{self.project.project}' takes no ground truth: it forecasts, and what became of a "
            f"forecast are rows of data; {where}"
        )

    def _checked(self, body: dict[str, Any]) -> list[Record]:
        records = body.get("records")
        if not isinstance(records, list) or not 1 <= len(records) <= MOST_RECORDS:
            raise BadRequestError(f"the body must be {{'records': [...]}} with 1 to {MOST_RECORDS} records")
        schema = self.project.schema_
        found = [
            fault for row, record in enumerate(records, start=1) for fault in faults(schema, row, record)
        ]
        if found := found or horizon_faults(schema, records):
            raise unprocessable(found)
        return records
