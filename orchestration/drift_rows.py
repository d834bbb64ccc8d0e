"""Live rows with a change in them, and what came true of them: what a drill sends."""

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.drift_kind import Kind
from orchestration.errors import DriftError
from orchestration.tabular_project import NumericFeature, TabularProject

# The study's own drill: age += randint(0, 50).
MOST_ADDED = 50

Value = str | int | float | None
Record = dict[str, Value]


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A record as it is sent, and what is told of it later; None where nobody tells."""

    record: Record
    label: str | None


def live_rows(text: str, count: int, seed: int) -> list[dict[str, str]]:
    """`count` rows of a CSV file, drawn without a row twice. Raises DriftError where it has fewer."""
    rows = list(csv.DictReader(io.StringIO(text)))
    if len(rows) < count:
        raise DriftError(f"there are {len(rows):,} live rows and ROWS={count:,} asks for more; ask for fewer")
    return random.Random(seed).sample(rows, count)


def changed(
    kind: Kind, rows: Sequence[dict[str, str]], project: TabularProject, seed: int
) -> list[LabelledRow]:
    """The rows as they are sent under that drill.

    Numbers change in the project's first number: it grows, as an age does, and stays within the
    schema (`age`), or is told in words (`type`). Wrong labels are the other value of
    the target. Raises DriftError where the project has no number to change.
    """
    source, feature = random.Random(seed), drifting(project, kind)
    return [
        LabelledRow(
            _record(kind, row, project, feature, source), _label(kind, row[project.target.name], project)
        )
        for row in rows
    ]


def drifting(project: TabularProject, kind: Kind) -> NumericFeature | None:
    """The feature whose values change; None where labels do. Raises DriftError."""
    if kind not in (Kind.AGE, Kind.TYPE):
        return None
    numbers = [feature for feature in project.used_features if isinstance(feature, NumericFeature)]
    if not numbers:
        raise DriftError(f"the project {project.name} uses no number; KIND=labels needs none")
    return numbers[0]


def _record(
    kind: Kind,
    row: dict[str, str],
    project: TabularProject,
    drifts: NumericFeature | None,
    source: random.Random,
) -> Record:
    record = {feature.name: _value(feature, row[feature.name]) for feature in project.used_features}
    if drifts is None:
        return record
    number = record[drifts.name]
    if kind is Kind.TYPE:
        return record | {drifts.name: f"about {number}"}
    grown = number + source.randint(0, MOST_ADDED) if isinstance(number, int | float) else number
    if drifts.maximum is not None and isinstance(grown, int | float):
        grown = min(grown, drifts.maximum)
    return record | {drifts.name: grown}


def _label(kind: Kind, true_label: str, project: TabularProject) -> str | None:
    if kind is Kind.LABELS_MISSING:
        return None
    if kind is not Kind.LABELS:
        return true_label
    target = project.target
    return target.negative if true_label == target.positive else target.positive


def _value(feature: object, cell: str) -> Value:
    if cell == "":
        return None
    if isinstance(feature, NumericFeature):
        return int(cell) if feature.type == "Integral" else float(cell)
    return cell
