"""Instances of a request to the series that a model can continue."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from train_deepar.errors import BadInstanceError, InstanceError, shown
from train_deepar.features import FeatureReader
from train_deepar.panel import Panel
from train_deepar.series import Series
from train_deepar.statics import StaticReader
from train_deepar.values import Days, day_text, read_day, read_number

KEYS = ("item_id", "start", "target", "known", "static", "cat", "static_real", "dynamic_feat")
# How the built-in DeepAR's requests write a missing value, beside null.
MISSING = (None, "NaN")


class InstanceReader:
    """Reads instances for one model: its panel, the series it holds, how many days it looks back."""

    def __init__(self, panel: Panel, held: Mapping[str, Series], context_length: int) -> None:
        self._target = panel.target
        self._longest_horizon = panel.prediction_length
        self._held = held
        self._context_length = context_length
        self._statics = StaticReader(panel)
        self._features = FeatureReader(panel)

    def read(self, instances: Sequence[object], horizon: int) -> list[Series]:
        """Each instance as a series whose features reach `horizon` days beyond its target.

        Raises BadInstanceError for the first one that cannot be answered.
        """
        series = []
        for number, instance in enumerate(instances, start=1):
            try:
                series.append(self._one(instance, horizon))
            except InstanceError as error:
                raise BadInstanceError(number, str(error)) from error
        return series

    def _one(self, instance: object, horizon: int) -> Series:
        if not isinstance(instance, dict):
            raise InstanceError(f'{shown(instance)} is no object such as {{"item_id": …, "known": …}}')
        if unknown := [name for name in instance if name not in KEYS]:
            raise InstanceError(
                f"keys unknown: {', '.join(map(shown, unknown[:5]))}; there are {', '.join(KEYS)}"
            )
        item_id = instance.get("item_id")
        if item_id is not None and not isinstance(item_id, str):
            raise InstanceError(f'item_id is {shown(item_id)}; it needs a text such as "16_410"')
        held = self._held.get(item_id) if item_id is not None else None
        start, target = self._history(instance, held)
        days = Days(start, len(target), horizon)
        cat, static_real = self._statics.read(instance, held)
        return Series(
            item_id=item_id,
            start=date.fromordinal(start),
            target=target,
            cat=cat,
            static_real=static_real,
            dynamic_feat=self._features.read(instance, held, days, target),
        )

    def _history(
        self, instance: Mapping[str, object], held: Series | None
    ) -> tuple[int, npt.NDArray[np.float64]]:
        """The first day as an ordinal, and the values from it on, NaN where missing."""
        if "target" in instance or "start" in instance:
            for name in ("start", "target"):
                if name not in instance:
                    raise InstanceError(f"{name} is missing; a history is start and target together")
            start = read_day(instance["start"], "start")
            target = self._values(instance["target"], start)
        elif held is not None:
            start, target = held.start.toordinal(), held.target
        else:
            raise InstanceError(self._without_history(instance.get("item_id")))
        self._check(target)
        return start, target

    def _without_history(self, item_id: object) -> str:
        given = "it has no item_id" if item_id is None else f"the model holds no series {shown(item_id)}"
        examples = ", ".join(list(self._held)[:2])
        return (
            f"{given}, and no history is given; name one of the model's {len(self._held)} series "
            f"({examples}, …), or give start and target"
        )

    def _values(self, values: object, start: int) -> npt.NDArray[np.float64]:
        if not isinstance(values, list):
            raise InstanceError(f"target is {shown(values)}; it needs a list of numbers, null where missing")
        if start + len(values) + self._longest_horizon > date.max.toordinal():
            raise InstanceError(f"{len(values)} days from {day_text(start)} on are beyond the calendar")
        return np.array(
            [
                np.nan if value in MISSING else self._quantity(value, f"target[{place}]", start + place)
                for place, value in enumerate(values)
            ],
            float,
        )

    def _quantity(self, value: object, what: str, day: int) -> float:
        quantity = read_number(value, what)
        target = self._target
        if target.minimum is not None and quantity < target.minimum:
            wanted = f"at least {target.minimum:g}"
        elif target.maximum is not None and quantity > target.maximum:
            wanted = f"at most {target.maximum:g}"
        elif target.type == "Integral" and not quantity.is_integer():
            wanted = "a whole number"
        else:
            return quantity
        raise InstanceError(f"{what} ({day_text(day)}) is {shown(value)}; {target.name} is {wanted}")

    def _check(self, target: npt.NDArray[np.float64]) -> None:
        """A model learns the level of a series from its last days alone."""
        days, context = len(target), self._context_length
        if days < context:
            raise InstanceError(
                f"the history has {days} days and the model looks back {context}; give at least {context}"
            )
        if np.isnan(target[days - context :]).all():
            raise InstanceError(f"the last {context} days of the history are all missing; give newer values")
        if not np.nan_to_num(target).any():
            raise InstanceError("the history has no value but 0, which says nothing of what is to come")
