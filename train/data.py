"""From a portfolio to labelled rows: read, check, split, and learn the contract."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from scoring_model.contract import Feature, FeatureContract
from scoring_model.features import FeatureSql
from train.errors import InputError
from train.histories import MEMORY_LIMIT, join_histories
from train.portfolio import ColumnSplit, DateSplit, Portfolio

# From 10,000 rows on, a level needs 50 rows for a code of its own; a small portfolio asks for less.
MAX_LEVEL_ROWS = 50
MIN_LEVEL_ROWS = 5
ROWS_PER_LEVEL_ROW = 200
# A text column whose rows nearly all differ is a name or a key, not a category.
IDENTIFIER_SHARE = 0.9
IDENTIFIER_LEVELS = 50


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """One side of the split.

    Attributes
    ----------
    frame : DataFrame, shape (rows, columns of the table)
        As read, in the order of the file.
    matrix : ndarray of float64, shape (rows, features)
        As the contract encodes the features.
    y : ndarray of int8, shape (rows,)
        1 = default.
    """

    frame: pd.DataFrame
    matrix: NDArray[np.float64]
    y: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class PortfolioData:
    """A portfolio's rows, ready to train on.

    Attributes
    ----------
    contract : FeatureContract
        Learned from the training rows alone.
    train, test : LabelledRows
    digest : str
        SHA-256 of the table as read: column names, kinds and values.
    features : FeatureSql, optional
        What computed the features from histories.
    dropped : mapping of str to str
        Features that the contract does not hold, and why.
    notes : tuple of str
        What the user should hear of the tables, a line each.
    """

    contract: FeatureContract
    train: LabelledRows
    test: LabelledRows
    digest: str
    features: FeatureSql | None = None
    dropped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def load_data(portfolio: Portfolio, memory_limit: str = MEMORY_LIMIT) -> PortfolioData:
    """Read, check and split a portfolio's table and learn the contract.

    Parameters
    ----------
    portfolio : Portfolio
    memory_limit : str
        Of the engine that computes features from histories, such as `4GB`.

    Raises
    ------
    InputError
        The table cannot be used; the message names the column and the rule.
    """
    joined = join_histories(portfolio, memory_limit) if portfolio.histories else None
    table = read_table(portfolio) if joined is None else prepare(joined.frame, portfolio)
    computed = joined.features.labels() if joined else {}
    # a history may have no row of some kind at all: that is no mistake in the table
    empty = [name for name in computed if table[name].isna().all()]
    table = table.drop(columns=empty)
    check_table(table, portfolio)
    in_test = test_rows(table, portfolio)
    train, test = table[~in_test], table[in_test]
    late = [name for name in computed if name in train and train[name].isna().all()]
    train, test = train.drop(columns=late), test.drop(columns=late)
    for name, side in (("training", train), ("test", test)):
        _check_side(side, portfolio, name)
    contract = learn_contract(train, portfolio, computed)
    return PortfolioData(
        contract=contract,
        train=_label(train, contract, portfolio),
        test=_label(test, contract.with_all_nullable(), portfolio),
        digest=digest_table(table),
        features=joined.features if joined else None,
        dropped=dict.fromkeys([*empty, *late], "without a value in the training rows"),
        notes=joined.notes if joined else (),
    )


def read_table(portfolio: Portfolio) -> pd.DataFrame:
    """Read the source, Parquet or CSV by its ending, with kinds and dates as the portfolio says."""
    source = portfolio.source
    try:
        if source.endswith((".csv", ".csv.gz")):
            as_text = {c: str for c, kind in portfolio.kinds.items() if kind == "category"}
            table = pd.read_csv(source, dtype=as_text, low_memory=False)
        else:
            table = pd.read_parquet(source)
    except FileNotFoundError as error:
        raise InputError(f"{portfolio.path}: [portfolio] source {source}: no such file") from error
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{portfolio.path}: [portfolio] source {source}: cannot be read: {reason}"
        ) from error
    return prepare(table, portfolio)


def prepare(table: pd.DataFrame, portfolio: Portfolio) -> pd.DataFrame:
    """Check that the columns are there and give them the kinds that the portfolio says."""
    source = portfolio.source
    for column, key in portfolio.columns_named.items():
        if column not in table.columns:
            raise InputError(
                f"{portfolio.path}: {key} names the column {column!r}, which {source} lacks"
            )
    for column, kind in portfolio.kinds.items():
        table[column] = _with_kind(table[column], kind, portfolio)
    if portfolio.decision_date:
        table[portfolio.decision_date] = _as_dates(table[portfolio.decision_date], portfolio)
    return table


def _with_kind(column: "pd.Series[Any]", kind: str, portfolio: Portfolio) -> "pd.Series[Any]":
    if kind == "category":
        # through Int64, or a code column with gaps would read 3.0
        whole = column.dtype.kind == "f" and bool((column.dropna() % 1 == 0).all())
        text = (column.astype("Int64") if whole else column).astype("string")
        return text.astype("str")
    try:
        return pd.to_numeric(column).astype("float64")
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{portfolio.path}: [kinds] {column.name} = 'number', but the column holds text"
        ) from error


def _as_dates(column: "pd.Series[Any]", portfolio: Portfolio) -> "pd.Series[Any]":
    if column.dtype.kind in "iufb":
        raise InputError(f"{portfolio.path}: column {column.name!r} must hold dates, not numbers")
    dates = pd.to_datetime(column, errors="coerce", format="ISO8601")
    if bad := int(dates.isna().sum()):
        row = int(np.flatnonzero(dates.isna())[0])
        raise InputError(
            f"{portfolio.path}: column {column.name!r} must hold dates such as 2004-01-31: "
            f"{bad} cannot be read, the first in row {row}"
        )
    return dates


def check_table(table: pd.DataFrame, portfolio: Portfolio) -> None:
    """Check key, target and features of a whole table; raise `InputError` on the first breach."""
    source = portfolio.path
    key, target = table[portfolio.key], table[portfolio.target]
    if key.isna().any():
        raise InputError(f"{source}: key {portfolio.key!r} must not be missing")
    if repeated := int(key.duplicated().sum()):
        row = int(np.flatnonzero(key.duplicated())[0])
        raise InputError(
            f"{source}: key {portfolio.key!r} must not repeat: {repeated} rows do, first row {row}"
        )
    if missing := int(target.isna().sum()):
        raise InputError(
            f"{source}: target {portfolio.target!r} must not be missing: {missing} rows are"
        )
    if not target.isin([0, 1]).all() or target.dtype.kind not in "iufb":
        raise InputError(f"{source}: target {portfolio.target!r} must be 0 or 1 in every row")
    features = feature_columns(table, portfolio)
    if not features:
        raise InputError(f"{source}: no column is left as a feature")
    for name in features:
        _check_feature(table[name], source)


def _check_feature(column: "pd.Series[Any]", source: Path) -> None:
    name = column.name
    present = column.dropna()
    if present.empty:
        raise InputError(f"{source}: feature {name!r} must have a value in some row: it is empty")
    if column.dtype.kind in "mM":
        raise InputError(f"{source}: feature {name!r} is a date: put it under [exclude]")
    if kind_of(column) == "number":
        if column.dtype.kind == "f" and np.isinf(present.to_numpy(dtype=np.float64)).any():
            raise InputError(f"{source}: feature {name!r} must be finite: it holds infinity")
        return
    values = present.astype(object)
    if not values.map(lambda value: isinstance(value, str | bool | np.bool_)).all():
        raise InputError(
            f"{source}: feature {name!r} mixes kinds: say number or category under [kinds]"
        )
    levels = present.nunique()
    if levels > max(IDENTIFIER_LEVELS, IDENTIFIER_SHARE * len(present)):
        raise InputError(
            f"{source}: feature {name!r} has a level for nearly every row "
            f"({levels} levels in {len(present)} rows): put it under [exclude]"
        )


def feature_columns(table: pd.DataFrame, portfolio: Portfolio) -> list[str]:
    """Return the columns a model may see, in the order of the table."""
    return [column for column in table.columns if column not in portfolio.not_features]


def kind_of(column: "pd.Series[Any]") -> str:
    """Return `number` or `category`; booleans, text and pandas categories are categories."""
    return "number" if column.dtype.kind in "iuf" else "category"


def test_rows(table: pd.DataFrame, portfolio: Portfolio) -> NDArray[np.bool_]:
    """Return which rows are test rows, shape (rows,), as the portfolio's split says."""
    split = portfolio.split
    if isinstance(split, DateSplit):
        dates = table[portfolio.decision_date]
        return np.asarray(dates >= pd.Timestamp(split.test_from), dtype=bool)
    if isinstance(split, ColumnSplit):
        side = table[split.column]
        if not side.isin(["train", "test"]).all():
            raise InputError(
                f"{portfolio.path}: [split] column {split.column!r} must hold train or test"
            )
        return np.asarray(side == "test", dtype=bool)
    target = table[portfolio.target].astype("int8")
    if target.value_counts().min() < 2 or target.nunique() < 2:
        raise InputError(
            f"{portfolio.path}: target {portfolio.target!r} must hold both classes, twice at least"
        )
    try:
        _, test = train_test_split(
            np.arange(len(table)),
            test_size=split.test_size,
            random_state=split.seed,
            stratify=target,
        )
    except ValueError as error:
        raise InputError(
            f"{portfolio.path}: [split] test_size = {split.test_size} leaves a side empty"
        ) from error
    in_test = np.zeros(len(table), dtype=bool)
    in_test[test] = True
    return in_test


def _check_side(side: pd.DataFrame, portfolio: Portfolio, name: str) -> None:
    if side.empty:
        raise InputError(f"{portfolio.path}: [split] leaves no {name} rows")
    if side[portfolio.target].nunique() < 2:
        raise InputError(
            f"{portfolio.path}: target {portfolio.target!r} must hold both classes in the "
            f"{name} rows"
        )


def learn_contract(
    train: pd.DataFrame, portfolio: Portfolio, computed: Mapping[str, str] | None = None
) -> FeatureContract:
    """Learn kinds, levels and nullability of the features from the training rows.

    Parameters
    ----------
    train : DataFrame
    portfolio : Portfolio
    computed : mapping of str to str, optional
        Features from histories, which an applicant may lack, and their labels.
    """
    computed = computed or {}
    rows_needed = min(MAX_LEVEL_ROWS, max(MIN_LEVEL_ROWS, len(train) // ROWS_PER_LEVEL_ROW))
    features = []
    for name in feature_columns(train, portfolio):
        column = train[name]
        if column.notna().sum() == 0:
            raise InputError(
                f"{portfolio.path}: feature {name!r} must have a value in some training row"
            )
        labels = {"en": computed[name]} if name in computed else {}
        labels |= portfolio.labels.get(name, {})
        nullable = name in computed or bool(column.isna().any())
        if kind_of(column) == "number":
            features.append(Feature(name, "number", nullable, labels=labels))
            continue
        counts = _as_levels(column).value_counts()
        frequent = sorted(str(level) for level in counts.index[counts >= rows_needed])
        rare = sorted(str(level) for level in counts.index[(counts < rows_needed) & (counts > 0)])
        features.append(
            Feature(name, "category", nullable, tuple(frequent), tuple(rare), labels=labels)
        )
    return FeatureContract(tuple(features))


def _as_levels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column's present values as text, booleans as `true` and `false`."""
    return (
        column.dropna()
        .astype(object)
        .map(lambda value: str(value).lower() if isinstance(value, bool | np.bool_) else str(value))
    )


def _label(side: pd.DataFrame, contract: FeatureContract, portfolio: Portfolio) -> LabelledRows:
    return LabelledRows(
        frame=side,
        matrix=contract.encode_frame(side).matrix,
        y=side[portfolio.target].to_numpy(dtype=np.int8),
    )


def typical_applicant(rows: LabelledRows, contract: FeatureContract) -> Mapping[str, Any]:
    """Return an applicant that is nobody: the middle value or commonest level of each feature."""
    applicant: dict[str, Any] = {}
    for feature, column in zip(contract.features, rows.matrix.T, strict=True):
        present = column[~np.isnan(column)]
        if feature.kind == "number":
            applicant[feature.name] = float(np.quantile(present, 0.5, method="nearest"))
        else:
            levels, counts = np.unique(present, return_counts=True)
            code = int(levels[counts.argmax()])
            named = code < len(feature.levels)
            applicant[feature.name] = feature.levels[code] if named else feature.rare_levels[0]
    return applicant


def digest_table(table: pd.DataFrame) -> str:
    """Return the SHA-256 of a table's column names, kinds and values, in order."""
    digest = hashlib.sha256()
    for name in table.columns:
        column = table[name]
        digest.update(f"{name}:{column.dtype.kind};".encode())
        values = column.astype(object) if column.dtype == "category" else column
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()
