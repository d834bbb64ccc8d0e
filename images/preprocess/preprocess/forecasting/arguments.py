"""The arguments and the environment of `forecast-actuals` and `append`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

from preprocess.arguments import ArgumentParser, OnBadRows
from preprocess.forecasting.cells import day_of, iso_day

WINDOW_START, WINDOW_END = "window_start", "window_end"


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `start` on and before `end`; None does not limit them."""

    start: int | None
    end: int | None

    def __contains__(self, day: int) -> bool:
        """Whether a day is one of them."""
        return (self.start is None or day >= self.start) and (self.end is None or day < self.end)

    def __str__(self) -> str:
        """The window in a message."""
        if self.start is None and self.end is None:
            return "for any day"
        start = "" if self.start is None else f" from {iso_day(self.start)} on"
        return f"for the days{start}{'' if self.end is None else f' before {iso_day(self.end)}'}"


@dataclass(frozen=True, slots=True)
class ForecastActualsSettings:
    """What `forecast-actuals` was asked to do."""

    captured: Path
    actuals: Path
    schema: Path
    output: Path
    on_bad_rows: OnBadRows
    window: Window


@dataclass(frozen=True, slots=True)
class AppendSettings:
    """What `append` was asked to do."""

    data: Path
    actuals: Path
    schema: Path
    output: Path
    on_bad_rows: OnBadRows


def parse_forecast_actuals(
    arguments: list[str], root: ContainerRoot, environment: Mapping[str, str]
) -> ForecastActualsSettings:
    """The settings of `forecast-actuals`. Raises ContractError, naming what is impossible."""
    given = vars(forecast_actuals_parser(root).parse_args(arguments))
    given["on_bad_rows"] = OnBadRows(given["on_bad_rows"])
    return ForecastActualsSettings(**given, window=_window(environment))


def parse_append(arguments: list[str], root: ContainerRoot) -> AppendSettings:
    """The settings of `append`. Raises ContractError, naming the argument, for what is impossible."""
    given = vars(append_parser(root).parse_args(arguments))
    given["on_bad_rows"] = OnBadRows(given["on_bad_rows"])
    return AppendSettings(**given)


def forecast_actuals_parser(root: ContainerRoot) -> ArgumentParser:
    """What knows the arguments of `forecast-actuals`."""
    parser = ArgumentParser(
        prog="preprocess forecast-actuals", description="Captured forecasts, each day with what came true."
    )
    captured = root.processing / "input" / "captured"
    parser.add_argument("--captured", type=Path, default=captured, help="folder with an endpoint's capture")
    _add_common(parser, root)
    return parser


def append_parser(root: ContainerRoot) -> ArgumentParser:
    """What knows the arguments of `append`."""
    parser = ArgumentParser(
        prog="preprocess append", description="Rows and newer rows of the same series, as one file."
    )
    data = root.processing / "input" / "data"
    parser.add_argument(
        "--data", type=Path, default=data, help="folder of CSV and Parquet files: earlier rows"
    )
    _add_common(parser, root)
    return parser


def _add_common(parser: ArgumentParser, root: ContainerRoot) -> None:
    add, inputs = parser.add_argument, root.processing / "input"
    actuals = inputs / "actuals"
    add("--actuals", type=Path, default=actuals, help="folder of CSV and Parquet files: what came true")
    add("--schema", type=Path, default=inputs / "schema", help="folder with schema.json")
    add("--output", type=Path, default=root.processing / "output", help="parent of the output folders")
    add("--on-bad-rows", choices=[choice.value for choice in OnBadRows], default="fail", help="fail or drop")


def _window(environment: Mapping[str, str]) -> Window:
    start, end = (_day(environment, name) for name in (WINDOW_START, WINDOW_END))
    if start is not None and end is not None and start >= end:
        raise ContractError(
            f"{WINDOW_START} {iso_day(start)} is not before {WINDOW_END} {iso_day(end)}; "
            "the window ends before the day that its end names."
        )
    return Window(start, end)


def _day(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    if not text:
        return None
    # A window that was found by the hour begins and ends with the days of its moments.
    if (day := day_of(text.partition("T")[0])) is None:
        raise ContractError(f"{name} is '{text}', which is no date; write it as 2026-01-31.")
    return day
