"""A user's scripts: one changes each record before the analysis, the other runs after it.

Source: developer guide, "Preprocessing and Postprocessing" of Model Monitor.
"""

import importlib.util
import inspect
import logging
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from smcontract.failure import ContractError

from monitor.dataset_format import ENDPOINT_INPUT, ENDPOINT_OUTPUT
from monitor.records import Flat, text_of

PREPROCESSOR = "record_preprocessor_script"
POSTPROCESSOR = "post_analytics_processor_script"
_BATCH_OUTPUT = "batchTransformOutput"


class EventData:
    """One side of a call, or its label; what was not captured is None."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.data = document.get("data")
        self.encoding = document.get("encoding")
        self.observedContentType = document.get("observedContentType")
        self.mode = document.get("mode")


class EventMetadata:
    """Which call it was; `custom_attribute` is the list that was captured."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.event_id = document.get("eventId")
        self.inference_id = document.get("inferenceId")
        self.event_time = document.get("inferenceTime")
        self.custom_attribute = document.get("customAttributes")


class InferenceRecord:
    """A captured call as a script sees it, under Model Monitor's names."""

    def __init__(self, line: Mapping[str, Any]) -> None:
        sides = line.get("captureData", {})
        self.endpoint_input = _data(sides.get(ENDPOINT_INPUT))
        self.endpoint_output = _data(sides.get(ENDPOINT_OUTPUT))
        self.batch_transform_output = _data(sides.get(_BATCH_OUTPUT))
        self.ground_truth = _data(line.get("groundTruthData"))
        self.event_metadata = EventMetadata(line.get("eventMetadata", {}))
        self.event_version = line.get("eventVersion")
        self._line = line

    def as_dict(self) -> dict[str, Any]:
        """The line as it was captured."""
        return dict(self._line)


def _data(document: Any) -> EventData | None:
    return EventData(document) if isinstance(document, dict) else None


class Preprocessor:
    """`preprocess_handler` of a script."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handler = _function(path, PREPROCESSOR, "preprocess_handler")
        self._extra = [logging.getLogger(PREPROCESSOR)] if _takes_logger(self._handler) else []

    def records(self, record: InferenceRecord | str, place: str) -> list[Flat]:
        """What the script makes of a record: none or more flat ones, their values as text.

        Raises ContractError for what the script raises, or returns of another form.
        """
        made = _called(self._path, PREPROCESSOR, f" on {place}", self._handler, record, *self._extra)
        return [self._flat(each, place) for each in (made if isinstance(made, list) else [made])]

    def _flat(self, made: Any, place: str) -> Flat:
        if not isinstance(made, dict):
            raise self._refusal(
                place, f"returned {_shown(made)}; it must return a dict, a list of dicts, or []"
            )
        for name, value in made.items():
            if not isinstance(value, str | int | float | bool | None):
                raise self._refusal(
                    place, f"returned {_shown(value)} as '{name}'; a value must be a text, a number or None"
                )
        return {str(name): text_of(value) for name, value in made.items()}

    def _refusal(self, place: str, what: str) -> ContractError:
        return ContractError(f"{PREPROCESSOR} {self._path} on {place}: preprocess_handler {what}.")


def postprocess(path: Path) -> None:
    """Run `postprocess_handler` of a script. Raises ContractError for what it raises."""
    _called(path, POSTPROCESSOR, "", _function(path, POSTPROCESSOR, "postprocess_handler"))


def _function(path: Path, variable: str, name: str) -> Callable[..., Any]:
    if path.suffix != ".py" or not path.is_file():
        raise ContractError(f"{variable}={path} is no .py file; give its path in the container.")
    spec = importlib.util.spec_from_file_location(variable, path)
    assert spec is not None, "a name that ends with .py is enough for a loader"
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    _called(path, variable, "", spec.loader.exec_module, module)
    function = getattr(module, name, None)
    if not callable(function):
        raise ContractError(f"{variable} {path} has no function {name}; define it.")
    return function  # type: ignore[no-any-return]


def _takes_logger(handler: Callable[..., Any]) -> bool:
    try:
        inspect.signature(handler).bind(None, None)
    except TypeError:
        return False
    return True


def _called(path: Path, variable: str, where: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        # A user's code may raise anything; all of it is theirs to mend, and told so.
        line = _line_of(error, path)
        raise ContractError(f"{variable} {path}{line}{where}: {type(error).__name__}: {error}") from None


def _line_of(error: BaseException, path: Path) -> str:
    """Where in the script it went wrong."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f", line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""


def _shown(value: object) -> str:
    return repr(value)[:100]
