"""A request with ground truth, from its labels to what became of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import BadRequestError, ConflictError, NotFoundError, RecordError, UnprocessableError
from api.metrics import Metrics
from api.tabular.description import MOST_LABELS
from api.tabular.ground_truth import GroundTruth, Intake
from api.tabular.project import TabularProject
from api.values import shown
from api.wishes import INFERENCE_ID

SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True)
class Label:
    """What was true of the record that was predicted under an inference id."""

    inference_id: str
    label: str


def checked_labels(project: TabularProject, document: dict[str, Any]) -> list[Label]:
    """The labels of a body, each inference id once.

    Raises BadRequestError, and UnprocessableError and ConflictError, which name rows and fields.
    """
    entries = document.get("labels")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_LABELS:
        raise BadRequestError(f"the body must be {{'labels': [...]}} with 1 to {MOST_LABELS} labels")
    allowed = project.schema_.labels
    faults: list[RecordError] = []
    contradictions: list[RecordError] = []
    found: dict[str, Label] = {}
    for row, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or set(entry) != {"inference_id", "label"}:
            faults.append(RecordError(row, None, "must be an object of inference_id and label"))
            continue
        inference_id, label = entry["inference_id"], entry["label"]
        if not isinstance(inference_id, str) or not INFERENCE_ID.fullmatch(inference_id):
            faults.append(RecordError(row, "inference_id", f"is {shown(inference_id)}, no inference id"))
        elif label not in allowed:
            reason = f"is {shown(label)}; it needs one of {', '.join(allowed)}"
            faults.append(RecordError(row, "label", reason))
        elif found.setdefault(inference_id, Label(inference_id, label)).label != label:
            contradictions.append(RecordError(row, "inference_id", "has another label in an earlier row"))
    if faults:
        raise UnprocessableError(
            f"row {faults[0].row}: {faults[0].reason}", errors=[fault.document() for fault in faults]
        )
    if contradictions:
        raise ConflictError(
            f"row {contradictions[0].row}: {contradictions[0].reason}",
            errors=[fault.document() for fault in contradictions],
        )
    return list(found.values())


async def take_in(
    project: str, ground_truth: GroundTruth | None, labels: Sequence[Label], metrics: Metrics
) -> dict[str, object]:
    """Store all of them; the answer.

    Raises ConflictError where another label is kept under an inference id.
    """
    if ground_truth is None:
        raise NotFoundError(f"the project '{project}' takes no ground truth: it names no ground_truth_uri")
    slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(label: Label) -> Intake:
        async with slots:
            intake = await ground_truth.store(label.inference_id, label.label)
        metrics.labelled(project, intake)
        return intake

    outcomes = await asyncio.gather(*(one(label) for label in labels))
    conflicts = [
        RecordError(row, "inference_id", f"{label.inference_id} has another label already").document()
        for row, (label, outcome) in enumerate(zip(labels, outcomes, strict=True), start=1)
        if outcome is Intake.CONFLICT
    ]
    if conflicts:
        raise ConflictError(
            f"{len(conflicts)} of {len(labels)} labels contradict what is kept, which stays; "
            "the others are stored",
            errors=conflicts,
        )
    counts = {str(intake): outcomes.count(intake) for intake in (Intake.STORED, Intake.REPEATED)}
    return {"accepted": len(labels), **counts}
