"""XGBoost's library, called directly.

The Python package takes a second and 150 MiB to import and three quarters of
the time of a prediction for one row; the library it ships needs neither it nor
pandas nor scikit-learn. What is called here is the C API, see
https://xgboost.readthedocs.io/en/stable/c.html. The trees, and so the bits of
every answer, are the same.
"""

import ctypes
import importlib.util
import json
import math
import struct
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]

_PROBABILITY, _CONTRIBUTIONS = 0, 2  # values of `type` in XGBoosterPredictFromDMatrix


class LibraryError(Exception):
    """The library refused; the text is its own, first line only."""


def _folder() -> Path:
    # Finding a package does not import it.
    spec = importlib.util.find_spec("xgboost")
    if spec is None or not spec.submodule_search_locations:
        raise LibraryError("The package xgboost is not installed.")
    return Path(spec.submodule_search_locations[0])


_PATH = str(_folder() / "lib" / "libxgboost.so")
_LIBRARY = ctypes.CDLL(_PATH)
# The same library, without giving up the interpreter for the microseconds of
# one row: where another thread works on a batch, getting it back takes 5 ms.
_HELD = ctypes.PyDLL(_PATH)
_LIBRARY.XGBGetLastError.restype = ctypes.c_char_p


def _checked(code: int) -> None:
    if code != 0:
        text: bytes = _LIBRARY.XGBGetLastError()
        raise LibraryError(text.decode("utf-8", errors="replace").split("\n", 1)[0])


def version() -> str:
    """The library's version."""
    parts = [ctypes.c_int() for _ in range(3)]
    _LIBRARY.XGBoostVersion(*(ctypes.byref(part) for part in parts))
    return ".".join(str(part.value) for part in parts)


class Booster:
    """A loaded model. Predicting changes nothing, so threads may share it."""

    def __init__(self, content: bytes, nthread: int) -> None:
        """Load a model from the bytes of its file. Raises LibraryError."""
        if not content:
            # The library would end the process.
            raise LibraryError("The file is empty.")
        self._handle = ctypes.c_void_p()
        _checked(_LIBRARY.XGBoosterCreate(None, ctypes.c_uint64(0), ctypes.byref(self._handle)))
        weakref.finalize(self, _LIBRARY.XGBoosterFree, self._handle)
        _checked(_LIBRARY.XGBoosterSetParam(self._handle, b"nthread", str(nthread).encode()))
        _checked(_LIBRARY.XGBoosterLoadModelFromBuffer(self._handle, content, ctypes.c_uint64(len(content))))
        self._nthread = nthread

    def num_features(self) -> int:
        """How many columns the model takes."""
        count = ctypes.c_uint64()
        _checked(_LIBRARY.XGBoosterGetNumFeature(self._handle, ctypes.byref(count)))
        return count.value

    def num_boosted_rounds(self) -> int:
        """How many rounds the model holds."""
        rounds = ctypes.c_int()
        _checked(_LIBRARY.XGBoosterBoostedRounds(self._handle, ctypes.byref(rounds)))
        return rounds.value

    def predict(self, rows: Rows) -> Rows:
        """The prediction for each row of a matrix [rows, columns]; NaN is a missing value."""
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        values = _Output()
        _checked(
            _LIBRARY.XGBoosterPredictFromDense(
                self._handle, _interface(rows), _dense_config(), None, *values.references()
            )
        )
        return values.copied()

    def contributions(self, rows: Rows) -> Rows:
        """What each column adds to the log-odds, as SHAP values: [rows, columns + 1], the base value last.

        Each row's numbers are the same alone and among others.
        """
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        matrix = ctypes.c_void_p()
        config = json.dumps({"missing": math.nan, "nthread": self._nthread}).encode()
        _checked(_LIBRARY.XGDMatrixCreateFromDense(_interface(rows), config, ctypes.byref(matrix)))
        try:
            values = _Output()
            config = json.dumps(_config(_CONTRIBUTIONS)).encode()
            _checked(_LIBRARY.XGBoosterPredictFromDMatrix(self._handle, matrix, config, *values.references()))
            return values.copied()
        finally:
            _LIBRARY.XGDMatrixFree(matrix)

    def total_gains(self) -> Mapping[str, float]:
        """The total gain of the splits on each column that has any, by name."""
        count, dimension = ctypes.c_uint64(), ctypes.c_uint64()
        names = ctypes.POINTER(ctypes.c_char_p)()
        shape = ctypes.POINTER(ctypes.c_uint64)()
        scores = ctypes.POINTER(ctypes.c_float)()
        config = json.dumps({"importance_type": "total_gain", "feature_map": ""}).encode()
        found = [ctypes.byref(each) for each in (count, names, dimension, shape, scores)]
        _checked(_LIBRARY.XGBoosterFeatureScore(self._handle, config, *found))
        return {names[at].decode("utf-8"): scores[at] for at in range(count.value)}

    def row_predictor(self) -> Callable[[Sequence[float]], float]:
        """A function that predicts for one row of numbers; not for two threads at a time.

        Everything but the numbers is made once. Numbers must be within float32's range.
        """
        width = self.num_features()
        row = np.zeros((1, width), dtype=np.float32)
        buffer = row.data.cast("B")
        values = _Output()
        # The library makes one for each call that brings none, at two thirds of the call's cost.
        proxy = ctypes.c_void_p()
        _checked(_LIBRARY.XGProxyDMatrixCreate(ctypes.byref(proxy)))
        predict = _HELD.XGBoosterPredictFromDense
        arguments = (
            self._handle, ctypes.c_char_p(_interface(row)), ctypes.c_char_p(_dense_config()), proxy,
            *values.references(),
        )  # fmt: skip
        fill, result = struct.Struct(f"{width}f").pack_into, values.values

        # The default keeps the model in memory for as long as the function.
        def predicted(numbers: Sequence[float], _model: Booster = self) -> float:
            fill(buffer, 0, *numbers)
            if predict(*arguments) != 0:
                _checked(-1)
            return float(result[0])

        weakref.finalize(predicted, _LIBRARY.XGDMatrixFree, proxy)
        return predicted


class _Output:
    """Where the library says what it has predicted; its memory, until the next call of this thread."""

    def __init__(self) -> None:
        self.shape = ctypes.POINTER(ctypes.c_uint64)()
        self.dimensions = ctypes.c_uint64()
        self.values = ctypes.POINTER(ctypes.c_float)()

    def references(self) -> tuple[object, object, object]:
        """The three last arguments of a prediction."""
        return ctypes.byref(self.shape), ctypes.byref(self.dimensions), ctypes.byref(self.values)

    def copied(self) -> Rows:
        """The numbers, in memory of their own."""
        shape = tuple(self.shape[: self.dimensions.value])
        return np.ctypeslib.as_array(self.values, shape=shape).copy()


def _interface(rows: Rows) -> bytes:
    """NumPy's array interface as the library reads it."""
    return json.dumps(
        {"data": [rows.ctypes.data, True], "shape": list(rows.shape), "typestr": "<f4", "version": 3}
    ).encode()


def _config(kind: int) -> dict[str, object]:
    return {
        "type": kind, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False,
    }  # fmt: skip


def _dense_config() -> bytes:
    return json.dumps({**_config(_PROBABILITY), "missing": math.nan, "cache_id": 0}).encode()
