"""`TreeModel`: LightGBM through its C API, without its Python package.

Importing `lightgbm` imports scikit-learn and SciPy if they are installed; scoring needs neither.
The C API has a call for single rows that takes a third of the time of `Booster.predict`. Margins of
many rows are looked up in `LeafMasks`, if that is faster and a check shows equal answers.
"""

import ctypes
import importlib.util
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from scoring_model.errors import ArtifactError
from scoring_model.trees.leaf_masks import LeafMasks, build_leaf_masks
from scoring_model.trees.probe import have_equal_bits, make_probe
from scoring_model.trees.tree_text import Tree, read_trees
from scoring_model.types import FloatArray

_logger = logging.getLogger(__name__)

# constants of LightGBM's c_api.h
_FLOAT64 = 1
_RAW_SCORE = 1
_CONTRIBUTIONS = 3
_FIRST_TREE = 0
_ALL_TREES = -1
_ROW_MAJOR = 1

_LIBRARY_NAMES = ("lib/lib_lightgbm.so", "lib/lib_lightgbm.dylib", "bin/lib_lightgbm.dll")


class TreeModel:
    """A trained LightGBM booster with one output, ready to predict margins.

    Parameters
    ----------
    text : str
        The model in LightGBM's text format.

    Attributes
    ----------
    columns : int
        Number of columns of the model's matrix.

    Raises
    ------
    ArtifactError
        LightGBM is not installed, or cannot read the text.
    """

    def __init__(self, text: str) -> None:
        library, holding = _load_library()
        self._library = library
        self._text = text
        self._booster = ctypes.c_void_p()
        iterations = ctypes.c_int()
        _check(
            library.LGBM_BoosterLoadModelFromString(
                text.encode(), ctypes.byref(iterations), ctypes.byref(self._booster)
            )
        )
        columns = ctypes.c_int()
        _check(library.LGBM_BoosterGetNumFeature(self._booster, ctypes.byref(columns)))
        self.columns = columns.value
        self._prepare_single_row(holding)
        self._masks: LeafMasks | None = None
        self.use_tables(read_trees(text))

    def use_tables(self, trees: Sequence[Tree] | None) -> bool:
        """Predict by tables of leaves, if a check shows that they give LightGBM's answers.

        Both predict the same probe rows. If any margin differs in any bit, the tables are not used
        and a warning is logged.

        Parameters
        ----------
        trees : sequence of Tree or None
            The trees of this model, as `read_trees` returns them.

        Returns
        -------
        bool
            Whether the tables are used; LightGBM itself predicts if not.
        """
        self._masks = None
        if trees is None or (masks := build_leaf_masks(trees)) is None:
            return False
        probe = make_probe(trees, self.columns)
        if not have_equal_bits(masks.predict(probe), self._predict_by_library(probe)):
            _logger.warning(
                "tables of leaves give other answers than LightGBM, so they are not used: scoring "
                "is slower"
            )
            return False
        self._masks = masks
        return True

    def _prepare_single_row(self, holding: ctypes.PyDLL) -> None:
        """Reserve the buffers and the configuration that all calls of `predict_row` share."""
        self._row = (ctypes.c_double * self.columns)()
        self._margin = ctypes.c_double()
        self._length = ctypes.c_int64()
        self._fast_config = ctypes.c_void_p()
        _check(
            self._library.LGBM_BoosterPredictForMatSingleRowFastInit(
                self._booster,
                _RAW_SCORE,
                _FIRST_TREE,
                _ALL_TREES,
                _FLOAT64,
                self.columns,
                b"",
                ctypes.byref(self._fast_config),
            )
        )
        self._predict_fast = holding.LGBM_BoosterPredictForMatSingleRowFast
        self._fast_arguments = (
            self._fast_config,
            ctypes.byref(self._row),
            ctypes.byref(self._length),
            ctypes.byref(self._margin),
        )

    def __del__(self) -> None:
        if getattr(self, "_fast_config", None):
            self._library.LGBM_FastConfigFree(self._fast_config)
        if getattr(self, "_booster", None):
            self._library.LGBM_BoosterFree(self._booster)

    def predict_row(self, values: list[float]) -> float:
        """Return the margin of one row; for one thread only, because all calls share buffers.

        Parameters
        ----------
        values : list of float
            One per column; missing is NaN.

        Returns
        -------
        float
            Log-odds.
        """
        self._row[:] = values  # type: ignore[assignment]  # ctypes takes floats for doubles
        _check(self._predict_fast(*self._fast_arguments))
        return self._margin.value

    def predict(
        self, matrix: FloatArray, *, raw_score: bool = True, pred_contrib: bool = False
    ) -> FloatArray:
        """Return margins, or what each column contributes to them, as `lightgbm.Booster` does.

        Parameters
        ----------
        matrix : ndarray of float64, shape (rows, columns)
            Missing is NaN.
        raw_score : bool
            Must be True: the policy computes the probabilities.
        pred_contrib : bool
            Whether to return contributions instead.

        Returns
        -------
        ndarray of float64, shape (rows,) or (rows, columns + 1)
            Log-odds. The last column of contributions is the base value.

        Raises
        ------
        ValueError
            The matrix has a wrong number of columns, or `raw_score` is False.
        """
        if not raw_score:
            raise ValueError("raw_score must be True: a TreeModel predicts margins only")
        matrix = np.ascontiguousarray(matrix, dtype=np.float64)
        columns = matrix.shape[1]
        if columns != self.columns:
            raise ValueError(f"matrix must have {self.columns} columns, got {columns}")
        if self._masks is not None and not pred_contrib:
            return self._masks.predict(matrix)
        return self._predict_by_library(matrix, contributions=pred_contrib)

    def _predict_by_library(self, matrix: FloatArray, *, contributions: bool = False) -> FloatArray:
        """Return LightGBM's own predictions for a C-contiguous matrix."""
        rows, columns = matrix.shape
        shape = (rows, columns + 1) if contributions else (rows,)
        result = np.empty(shape, dtype=np.float64)
        length = ctypes.c_int64()
        _check(
            self._library.LGBM_BoosterPredictForMat(
                self._booster,
                matrix.ctypes.data_as(ctypes.c_void_p),
                _FLOAT64,
                rows,
                columns,
                _ROW_MAJOR,
                _CONTRIBUTIONS if contributions else _RAW_SCORE,
                _FIRST_TREE,
                _ALL_TREES,
                b"",
                ctypes.byref(length),
                result.ctypes.data_as(ctypes.c_void_p),
            )
        )
        return result

    def model_to_string(self) -> str:
        """Return the text that this model was read from."""
        return self._text

    def __reduce__(self) -> tuple[Any, ...]:
        return TreeModel, (self._text,)


@cache
def _load_library() -> tuple[ctypes.CDLL, ctypes.PyDLL]:
    """Load LightGBM's library twice: its calls release Python's lock (GIL), or keep it.

    The prediction of a single row takes microseconds. Releasing the lock, and then waiting
    for a thread that encodes an array, would take longer.
    """
    path = _find_library()
    releasing = ctypes.CDLL(path)
    holding = ctypes.PyDLL(path)
    releasing.LGBM_GetLastError.restype = ctypes.c_char_p
    return releasing, holding


def _find_library() -> str:
    package = importlib.util.find_spec("lightgbm")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for name in _LIBRARY_NAMES:
            if (path := Path(folder, name)).is_file():
                return str(path)
    raise ArtifactError("LightGBM is not installed, so no booster can be loaded")


def _check(status: int) -> None:
    if status:
        library, _ = _load_library()
        raise ArtifactError(f"LightGBM: {library.LGBM_GetLastError().decode(errors='replace')}")
