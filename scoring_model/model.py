"""`CreditScoringModel`: the scorer as an MLflow `PythonModel`, logged as code, not as a pickle."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from scoring_model.version import SCORER_ARTIFACT, load_scorer


class CreditScoringModel(PythonModel):  # type: ignore[misc]  # mlflow ships no type information
    """A model with its threshold, in the form that MLflow's registry stores and its tools load."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the scorer from the version's artifacts."""
        self.scorer = load_scorer(Path(context.artifacts[SCORER_ARTIFACT]))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Score applicants.

        Parameters
        ----------
        context : PythonModelContext
            Unused: `load_context` has read it.
        model_input : DataFrame, shape (rows, features)
            Columns as in the model's signature; other columns are ignored.
        params : dict, optional
            Unused: the model has no parameters.

        Returns
        -------
        DataFrame, shape (rows, 3)
            `probability` (float64), `score` (int64, 1 = accepted, 0 = refused) and `threshold`
            (float64), with the index of `model_input`.

        Raises
        ------
        scoring_model.errors.InvalidRequest
            The contract refuses a value.
        """
        decisions = self.scorer.score_frame(model_input)
        return pd.DataFrame(decisions.columns(), index=model_input.index)


mlflow.models.set_model(CreditScoringModel())
