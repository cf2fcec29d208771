"""Logs a scorer as an MLflow model: code, data and signature."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

import scoring_model
from scoring_model.version import SCORER_ARTIFACT, Scorer, save_scorer, signature_of

PACKAGE = Path(scoring_model.__file__).parent
LOCK = PACKAGE.parent / "requirements.txt"


def log_scorer(
    scorer: Scorer, applicant: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> str:
    """Log a scorer in the active run as an MLflow model, and return its URI.

    Parameters
    ----------
    scorer : Scorer
        Contract, booster and policy.
    applicant : mapping
        A valid applicant, not a real person: the input example of the model.
    metadata : mapping of str to str, optional
        Names and values that are kept with the model.
    """
    contract = scorer.contract
    example = pd.DataFrame([applicant], columns=list(contract.field_names))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / SCORER_ARTIFACT
        directory.mkdir()
        save_scorer(scorer, directory, applicant)
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(PACKAGE / "model.py"),
            code_paths=[str(PACKAGE)],
            artifacts={SCORER_ARTIFACT: str(directory)},
            signature=signature_of(contract),
            input_example=example,
            pip_requirements=pins_of(LOCK),
            metadata=dict(metadata or {}),
        )
    return str(info.model_uri)


def pins_of(lock: Path) -> list[str]:
    """Return a lock's packages as lines such as `numpy==2.4.6`, with markers, without hashes.

    MLflow adds lines of its own when it makes an environment, and pip takes hashes for all packages
    or for none.

    Parameters
    ----------
    lock : Path
        A file that `uv pip compile` wrote.
    """
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [line.removesuffix("\\").strip() for line in lines if line[:1].isalpha()]
