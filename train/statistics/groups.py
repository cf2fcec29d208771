"""Cut rows into groups by one column: levels of a category, or bands of a number."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.types import FloatArray, RowNumbers

BANDS = 5
MISSING = "(missing)"
OTHERS = "(all others)"


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows in groups.

    Attributes
    ----------
    names : tuple of str
        Names of the groups, in the order to show them.
    number : ndarray of int, shape (rows,)
        The group of each row, as an index into `names`.
    """

    names: tuple[str, ...]
    number: RowNumbers


def cut_groups(column: "pd.Series[Any]", most_levels: int | None = None) -> Groups:
    """Cut rows by a column.

    Parameters
    ----------
    column : Series, shape (rows,)
        A number with more than `BANDS` distinct values is cut into about `BANDS` bands with round
        limits. A date is cut into bands of years. Missing values form a separate group.
    most_levels : int, optional
        Number of levels of a category that get a group each: the most frequent ones. The others
        share one group.
    """
    if column.dtype.kind == "M":
        years = column.dt.year.to_numpy(dtype=np.float64, na_value=np.nan)
        names, number = _bands(years, years=True)
    elif column.dtype.kind in "iuf" and column.nunique() > BANDS:
        names, number = _bands(column.to_numpy(dtype=np.float64, na_value=np.nan))
    else:
        names, number = _levels(column, most_levels)
    if (number < 0).any():
        names = [*names, MISSING]
        number = np.where(number < 0, len(names) - 1, number)
    return Groups(tuple(names), number)


def cross_groups(first: Groups, second: Groups) -> Groups:
    """Return a group for each pair of groups that occurs, named `first, second`."""
    paired = first.number * len(second.names) + second.number
    found, number = np.unique(paired, return_inverse=True)
    width = len(second.names)
    names = [f"{first.names[pair // width]}, {second.names[pair % width]}" for pair in found]
    return Groups(tuple(names), number.astype(np.intp))


def _levels(column: "pd.Series[Any]", most: int | None) -> tuple[list[str], RowNumbers]:
    if column.dtype.kind in "iuf":
        values = np.sort(column.dropna().unique())
        codes = pd.Index(values).get_indexer(pd.Index(column))
        return [_plain(value) for value in values], codes
    text = column.astype(object).map(_as_text, na_action="ignore")
    counts = text.value_counts()
    kept = list(counts.index[: most or len(counts)])
    names = sorted(kept)
    codes = pd.Index(names, dtype=object).get_indexer(pd.Index(text, dtype=object))
    rare = (codes < 0) & text.notna().to_numpy()
    if rare.any():
        codes[rare] = len(names)
        names = [*names, OTHERS]
    return names, codes


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _bands(values: FloatArray, *, years: bool = False) -> tuple[list[str], RowNumbers]:
    present = values[~np.isnan(values)]
    if not len(present):
        return [], np.full(len(values), -1, dtype=np.intp)
    quantiles = np.quantile(present, np.linspace(0, 1, BANDS + 1)[1:-1])
    edges = np.unique(quantiles.round() if years else [_two_digits(edge) for edge in quantiles])
    edges = edges[(edges > present.min()) & (edges <= present.max())]
    number = np.searchsorted(edges, values, side="right").astype(np.intp)
    number[np.isnan(values)] = -1
    whole = bool((present % 1 == 0).all())
    names = _band_names(edges, whole, "{:.0f}".format if years else _plain)
    # drop bands that are empty because their limits were rounded
    used = np.unique(number[number >= 0])
    rank = np.full(len(names) + 1, -1, dtype=np.intp)
    rank[used] = np.arange(len(used))
    return [names[band] for band in used], rank[number]


def _band_names(edges: FloatArray, whole: bool, write: Callable[[float], str]) -> list[str]:
    if not len(edges):
        return ["all values"]
    # the names of whole-number bands must not overlap: 27 to 32, then 33 to 40
    step = 1.0 if whole else 0.0
    inner = [
        write(low) if whole and high - low == 1 else f"{write(low)} to {write(high - step)}"
        for low, high in pairwise(edges)
    ]
    return [f"under {write(edges[0])}", *inner, f"{write(edges[-1])} and over"]


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")


def _plain(value: float) -> str:
    """Return a number as people write it: no exponent, no trailing zeros, commas at thousands."""
    if value % 1 == 0:
        return f"{value:,.0f}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"
