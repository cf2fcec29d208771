"""Load a portfolio: labelled training and test rows, and the contract."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from scoring_model.contract import FeatureContract
from scoring_model.features import FeatureSql
from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.data.contract_learning import (
    csv_notes,
    learn_contract,
    leave_protected_unread,
    without_features,
)
from train.data.history_features import JoinedTable, join_histories
from train.data.history_sql import digest_histories
from train.data.reading import ReadTable, digest_table, find_mistakes, prepare, read_table
from train.errors import InputError, Mistakes
from train.portfolio import Portfolio
from train.portfolio.sections import ColumnSplit, DateSplit, ReadSettings

# takes contract, training rows and their outcomes; returns the features to drop with the reasons
FindDropped = Callable[[FeatureContract, pd.DataFrame, LabelArray], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """The training rows or the test rows.

    Attributes
    ----------
    frame : DataFrame, shape (rows, columns of the table)
        The rows as read, in the order of the file, without dropped features from histories.
    matrix : ndarray of float64, shape (rows, features)
        The features as the contract encodes them.
    y : ndarray of int8, shape (rows,)
        1 = default.
    """

    frame: pd.DataFrame
    matrix: FloatArray
    y: LabelArray

    def values(self, contract: FeatureContract) -> pd.DataFrame:
        """Return the frame with every feature as a column: dates as days, derived ones computed."""
        computed = {
            feature.name: pd.Series(self.matrix[:, index], self.frame.index)
            for index, feature in enumerate(contract.features)
            if feature.formula or feature.kind == "date"
        }
        return self.frame.assign(**computed) if computed else self.frame


@dataclass(frozen=True, slots=True)
class PortfolioData:
    """A portfolio's rows, ready to train on.

    Attributes
    ----------
    contract : FeatureContract
        Learned from the training rows alone.
    train, test : LabelledRows
    digest : str
        SHA-256 of the table as read: column names, kinds and values. With histories, those of the
        source's own columns, with the SQL and the files of the histories.
    older_digest : str
        SHA-256 of all columns, with those computed from histories, whose last bits may differ from
        run to run. Versions of portfolios with histories carried it before. Without histories it
        is the `digest`.
    features : FeatureSql, optional
        The SQL that computed the features from histories.
    dropped : mapping of str to str
        Features that the contract leaves out, each with the reason.
    notes : tuple of str
        Notes for the user about the tables, one line each.
    read : ReadSettings
        How the table is written, with what was found in it.
    """

    contract: FeatureContract
    train: LabelledRows
    test: LabelledRows
    digest: str
    older_digest: str
    features: FeatureSql | None = None
    dropped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    read: ReadSettings = field(default_factory=ReadSettings)


def load_data(
    portfolio: Portfolio,
    join: Callable[[Portfolio], JoinedTable] = join_histories,
    find_dropped: FindDropped | None = None,
) -> PortfolioData:
    """Read, check and split a portfolio's table and learn the contract.

    Parameters
    ----------
    portfolio : Portfolio
    join : callable
        Computes the features of a portfolio with histories.
    find_dropped : callable, optional
        Finds the features to drop.

    Raises
    ------
    InputError
        The table cannot be used. The message names the column and the rule.
    """
    source, features, notes = _read(portfolio, join)
    read, computed = source.read, features.labels() if features else {}
    # a feature from histories may be empty in all rows: this is not an error in the table
    empty = [name for name in computed if source.frame[name].isna().all()]
    table = _checked(replace(source, frame=source.frame.drop(columns=empty)), portfolio)
    in_test = test_rows(table, portfolio)
    digest, older = _digests(table, portfolio, features)
    train, test = table[~in_test], table[in_test]
    # a table with hundreds of features from histories is large: free the copy that is not needed
    del source, table
    late = [name for name in computed if name in train and train[name].isna().all()]
    train, test = train.drop(columns=late), test.drop(columns=late)
    for name, side in (("training", train), ("test", test)):
        _check_side(side, portfolio, name)
    contract = learn_contract(train, portfolio, computed)
    dropped = dict.fromkeys([*empty, *late], "without a value in the training rows")
    if find_dropped is not None:
        found = find_dropped(contract, train, _outcomes(train, portfolio))
        dropped |= found
        contract = leave_protected_unread(without_features(contract, found), portfolio)
        # the application's own columns stay in the frame, because costs and audits may use them
        late = [name for name in computed if name in found]
        train, test = train.drop(columns=late), test.drop(columns=late)
    return PortfolioData(
        contract=contract,
        train=_label(train, contract, portfolio),
        test=_label(test, contract.with_all_nullable(), portfolio),
        digest=digest,
        older_digest=older,
        features=features,
        dropped=dropped,
        notes=(*notes, *csv_notes(contract)),
        read=read,
    )


def _read(
    portfolio: Portfolio, join: Callable[[Portfolio], JoinedTable]
) -> tuple[ReadTable, FeatureSql | None, tuple[str, ...]]:
    """Return the table, the SQL that computed features of it, and the notes."""
    if not portfolio.histories:
        table = read_table(portfolio)
        return table, None, table.notes
    joined = join(portfolio)
    table = prepare(joined.frame, portfolio)
    return table, joined.features, (*joined.notes, *table.notes)


def _digests(
    table: pd.DataFrame, portfolio: Portfolio, features: FeatureSql | None
) -> tuple[str, str]:
    """Return the digest and the older digest; see `PortfolioData`."""
    older = digest_table(table)
    if features is None:
        return older, older
    own = digest_table(table[[name for name in table.columns if name not in features.labels()]])
    histories = digest_histories(features, Path(portfolio.source).parent)
    return hashlib.sha256((own + histories).encode()).hexdigest(), older


def _checked(table: ReadTable, portfolio: Portfolio) -> pd.DataFrame:
    if mistakes := find_mistakes(table, portfolio):
        raise Mistakes(mistakes)
    return table.frame


def test_rows(table: pd.DataFrame, portfolio: Portfolio) -> BoolArray:
    """Return which rows are test rows by the portfolio's split, shape (rows,)."""
    split = portfolio.split
    if isinstance(split, DateSplit):
        dates = table[portfolio.decision_date]
        return np.asarray(dates >= pd.Timestamp(split.test_from), dtype=bool)
    if isinstance(split, ColumnSplit):
        side = table[split.column]
        if not side.isin(["train", "test"]).all():
            raise InputError(
                f"{portfolio.path}: [split] column {split.column!r} must hold train or test "
                "in every row"
            )
        return np.asarray(side == "test", dtype=bool)
    target = table[portfolio.target].astype("int8")
    if target.value_counts().min() < 2 or target.nunique() < 2:
        raise InputError(
            f"{portfolio.path}: target {portfolio.target!r} must hold both classes, each at least "
            "twice"
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
            f"{portfolio.path}: [split] test_size = {split.test_size} leaves no training rows or "
            "no test rows"
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


def _label(side: pd.DataFrame, contract: FeatureContract, portfolio: Portfolio) -> LabelledRows:
    matrix = contract.encode_frame(side).matrix
    for feature, column in zip(contract.features, matrix.T, strict=True):
        if feature.formula and np.isnan(column).all():
            raise InputError(
                f"{portfolio.path}: [derive] {feature.name} has a value in no row: "
                f"look at {feature.formula!r}"
            )
    return LabelledRows(side, matrix, _outcomes(side, portfolio))


def _outcomes(side: pd.DataFrame, portfolio: Portfolio) -> LabelArray:
    return side[portfolio.target].to_numpy(dtype=np.int8)
