"""What cannot be learnt from is refused before learning, by its name and with the way out."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
from smcontract.failure import ContractError

from train_deepar.hyperparameters import NEGATIVE_BINOMIAL, SEASONAL_NAIVE, Hyperparameters
from train_deepar.series import Series

# The text goes into FailureReason, which keeps 1,024 characters.
_SHOWN = 3


def check_series(
    found: Sequence[Series],
    channel: str,
    hyperparameters: Hyperparameters,
    prediction_length: int,
    likelihood: str,
) -> None:
    """Refuse series of `channel` that cannot be learnt from.

    Raises ContractError for series without a value or without any demand, too short ones, and numbers
    that the likelihood does not know.
    """
    needed = hyperparameters.context_length + prediction_length
    problems: list[str] = []
    for texts, advice in (
        (_empty(found), "leave them out: there is nothing to learn, and their forecast is zero"),
        (
            _short(found, needed),
            f"a window has context_length {hyperparameters.context_length} + prediction_length "
            f"{prediction_length} = {needed} days; lower context_length, or leave them out",
        ),
        (
            _uncountable(found) if likelihood == NEGATIVE_BINOMIAL else (),
            "likelihood=negative-binomial counts 0, 1, 2, …; use likelihood=student-t, or mend the data",
        ),
    ):
        shown = list(texts)
        if shown:
            more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
            problems.append(f"{', '.join(shown[:_SHOWN])}{more}: {advice}")
    if problems:
        raise ContractError(f"Channel '{channel}': {'; '.join(problems)}.")


def _empty(found: Sequence[Series]) -> Iterator[str]:
    for series in found:
        known = series.target[~np.isnan(series.target)]
        if not len(known):
            yield f"{series.name} has no known day"
        elif not known.any():
            yield f"{series.name} is zero on all {len(known)} known days"


def _short(found: Sequence[Series], needed: int) -> Iterator[str]:
    for series in found:
        if len(series.target) < needed:
            yield f"{series.name} has {len(series.target)} days"


def _uncountable(found: Sequence[Series]) -> Iterator[str]:
    for series in found:
        with np.errstate(invalid="ignore"):
            wrong = (series.target < 0) | (series.target % 1 > 0)
        if wrong.any():
            day = int(wrong.argmax())
            yield f"{series.name} has {series.target[day]:g} on {series.start + timedelta(days=day)}"


def check_needs(hyperparameters: Hyperparameters, has_validation: bool) -> None:
    """Refuse hyperparameters that need the channel 'validation' where it is not there."""
    if has_validation or hyperparameters.estimator == SEASONAL_NAIVE:
        return
    needing = [
        name
        for name, asked in (
            ("calibrate=true", hyperparameters.calibrate),
            ("refit=true", hyperparameters.refit),
        )
        if asked
    ]
    if needing:
        raise ContractError(
            f"Hyperparameters: {' and '.join(needing)} need{'s' if len(needing) == 1 else ''} the channel "
            "'validation'; add the channel, or set them to false."
        )
