"""A real model with all features of seven generated tables, and its applicants as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from scoring_model.contract import Feature, FeatureContract
from scoring_model.features import APPLICATION, FeatureSql, History
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.version import Scorer
from tests.made_histories import make_histories, write_histories
from tests.scoring_model.planted import save_model
from train.data import load_data, typical_applicant
from train.portfolio import load_portfolio

KEY, LOAN = "SK_ID_CURR", "SK_ID_BUREAU"
APPLICANTS = 150


@dataclass(frozen=True, slots=True)
class PlantedHistories:
    """A version with histories, and the tables that it was trained on.

    Attributes
    ----------
    scorer : Scorer
    folder : Path
        The version's folder.
    tables : mapping of str to DataFrame
    finished : DataFrame, shape (applicants, columns of the application and features)
        Rows with features, as batch scoring computes them, by key.
    """

    scorer: Scorer
    folder: Path
    tables: Mapping[str, pd.DataFrame]
    finished: pd.DataFrame

    def applicant(self, key: int) -> dict[str, Any]:
        """Return an applicant with all its rows in the tables, as values of JSON."""
        body: dict[str, Any] = {}
        loans = self.tables["bureau"].query(f"{KEY} == @key")[LOAN]
        for name, table in self.tables.items():
            own = table[table[KEY] == key] if KEY in table else table[table[LOAN].isin(loans)]
            # through text, so that numbers and missing values are as in a request
            body[name] = json.loads(own.to_json(orient="records", double_precision=15))
        [body[APPLICATION]] = body[APPLICATION]
        del body[APPLICATION]["TARGET"]
        return body

    def finished_row(self, key: int) -> dict[str, Any]:
        """Return an applicant's finished row, as values of JSON."""
        row = self.finished.loc[[key], list(self.scorer.contract.names)]
        [record] = row.astype(object).where(row.notna(), None).to_dict("records")
        return {str(name): value for name, value in record.items()}


def plant_histories(folder: Path) -> PlantedHistories:
    """Train on generated tables, without any selection of features."""
    tables = make_histories(APPLICANTS)
    data = load_data(load_portfolio(write_histories(folder, tables, "parquet")))
    settings = {"objective": "binary", "verbosity": -1, "seed": 0, "num_threads": 2}
    rows = lightgbm.Dataset(
        data.train.matrix, data.train.y, categorical_feature=list(data.contract.categorical_indices)
    )
    scorer = Scorer(
        contract=data.contract,
        booster=lightgbm.train({**settings, "min_data_in_leaf": 3}, rows, num_boost_round=100),
        policy=DecisionPolicy(CalibrationMap("sigmoid"), 1 / 11, 10.0, 1.0),
        features=data.features,
    )
    example = typical_applicant(data.train.matrix, data.contract)
    finished = pd.concat([data.train.frame, data.test.frame]).set_index(KEY, drop=False)
    return PlantedHistories(
        scorer=scorer,
        folder=save_model(scorer, folder / "version", example),
        tables={APPLICATION: tables.pop("application_train"), **tables},
        finished=finished,
    )


SMALL_SQL = """
SELECT id, sum(debt) AS debt_sum -- Debt
FROM loans WHERE status <> 'paid' GROUP BY id;
"""


def plant_small(folder: Path, sql: str = SMALL_SQL) -> Path:
    """Return the folder of a version with three features, one of them from a history."""
    own = {"id": "BIGINT", "income": "DOUBLE", "purpose": "VARCHAR"}
    features = FeatureSql(
        "id",
        (
            History(APPLICATION, "", own, unread=("gender",)),
            History("loans", sql, {"id": "BIGINT", "debt": "DOUBLE", "status": "VARCHAR"}),
        ),
    )
    contract = FeatureContract(
        (
            Feature("income", "number", nullable=False),
            Feature("purpose", "category", nullable=True, levels=("car", "house")),
            Feature("debt_sum", "number", nullable=True),
        )
    )
    matrix = np.random.default_rng(0).integers(0, 2, (500, 3)).astype(float)
    rows = lightgbm.Dataset(matrix, matrix[:, 2], categorical_feature=[1])
    booster = lightgbm.train({"objective": "binary", "verbosity": -1}, rows, num_boost_round=5)
    policy = DecisionPolicy(CalibrationMap("sigmoid"), 1 / 11, 10.0, 1.0)
    example = {"income": 1.0, "purpose": "car", "debt_sum": 0.0}
    return save_model(Scorer(contract, booster, policy, features), folder, example)
