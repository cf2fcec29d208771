"""A real model with 22 generated features, saved by MLflow, for the tests to serve."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.contract import Feature, FeatureContract
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.version import Scorer, save_scorer, signature_of

NUMBERS = [f"amount_{i:02d}" for i in range(14)]
CATEGORIES = {
    "purpose": ("car", "house", "boat: used", "études"),
    "region": tuple(f"region_{i}" for i in range(40)),
    "sector": ("11", "22", "NA-like"),
    "status": ("a", "b"),
    "grade": ("A", "B", "C", "D"),
}
YES_NO = ["is_owner", "has_guarantor", "is_new"]
REQUIRED = {"amount_00", "purpose", "is_owner"}
LABELS = {
    "amount_00": {"en": "Amount requested", "fr": "Montant demandé"},
    "purpose": {"en": "Purpose of the loan", "fr": "Objet du prêt"},
}
EXAMPLE: dict[str, Any] = {
    **{name: 0.25 * i for i, name in enumerate(NUMBERS)},
    "purpose": "car",
    "region": "region_3",
    "sector": "11",
    "status": "a",
    "grade": "B",
    "is_owner": "true",
    "has_guarantor": "false",
    "is_new": None,
}


def make_contract() -> FeatureContract:
    """Return a contract with every kind of feature; some are required, one has rare levels."""
    features = [_feature(name, "number") for name in NUMBERS]
    features += [_feature(name, "category", levels) for name, levels in CATEGORIES.items()]
    features += [_feature(name, "category", ("false", "true")) for name in YES_NO]
    return FeatureContract(tuple(features))


def _feature(name: str, kind: Any, levels: tuple[str, ...] = ()) -> Feature:
    rare = ("submarine", "zeppelin") if name == "purpose" else ()
    return Feature(name, kind, name not in REQUIRED, levels, rare, LABELS.get(name, {}))


def make_rows(contract: FeatureContract, rows: int, seed: int) -> list[dict[str, Any]]:
    """Return valid applicants with every kind of value; missing values are null or absent."""
    rng = random.Random(seed)
    return [_make_row(contract, rng) for _ in range(rows)]


def _make_row(contract: FeatureContract, rng: random.Random) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for feature in contract.features:
        if feature.nullable and rng.random() < 0.1:
            if rng.random() < 0.5:
                row[feature.name] = None
            continue
        if feature.kind == "number":
            value = rng.gauss(0.0, 1.0)
            row[feature.name] = int(value * 5) if rng.random() < 0.3 else value
        else:
            levels = (*feature.levels, *feature.rare_levels)
            row[feature.name] = rng.choice(levels)
            if feature.name in YES_NO and rng.random() < 0.5:
                row[feature.name] = row[feature.name] == "true"
    return row


def train_scorer(trees: int = 400, rows: int = 8000, method: Any = "isotonic") -> Scorer:
    """Train a real booster on generated applicants."""
    import lightgbm

    contract = make_contract()
    matrix = contract.encode_records(make_rows(contract, rows, seed=0)).matrix
    noise = np.random.default_rng(1).normal(size=rows)
    known = np.nan_to_num(matrix)
    risk = known[:, 0] + known[:, 1] * known[:, 2] + (known[:, 14] == 2) - known[:, 19] + noise
    data = lightgbm.Dataset(
        matrix, (risk > 0.5).astype(int), categorical_feature=list(contract.categorical_indices)
    )
    parameters = {
        "objective": "binary",
        "verbose": -1,
        "seed": 0,
        "num_threads": 2,
        "learning_rate": 0.05,
    }
    booster = lightgbm.train(parameters, data, trees)
    return Scorer(contract, booster, DecisionPolicy(_calibration(method), 1 / 11, 10.0, 1.0))


def _calibration(method: Any) -> CalibrationMap:
    if method != "isotonic":
        return CalibrationMap(method, slope=0.9, intercept=-0.2)
    margins = np.linspace(-6, 6, 60)
    probabilities = 1 / (1 + np.exp(-0.8 * margins))
    return CalibrationMap(
        "isotonic", margins=tuple(margins.tolist()), probabilities=tuple(probabilities.tolist())
    )


def save_model(scorer: Scorer, folder: Path, example: Mapping[str, Any] = EXAMPLE) -> Path:
    """Save a version to a folder, as training does, and return the folder."""
    import mlflow.pyfunc

    artifacts = folder / "scorer"
    artifacts.mkdir(parents=True)
    save_scorer(scorer, artifacts, example)
    mlflow.pyfunc.save_model(
        path=folder / "model",
        python_model="scoring_model/model.py",
        code_paths=["scoring_model"],
        artifacts={"scorer": str(artifacts)},
        signature=signature_of(scorer.contract),
        input_example=pd.DataFrame([example]),
        pip_requirements=["lightgbm"],
    )
    return folder / "model"
