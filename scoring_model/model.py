"""`CreditScoringModel`: the scorer as an MLflow `PythonModel`, logged as code, not as a pickle."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from scoring_model.contract import Notice
from scoring_model.version import SCORER_ARTIFACT, load_scorer

_LOG = logging.getLogger("scoring_model")


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
        """Score applicants; one warning in the log names the fields whose values are remarkable.

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
        rows = self.scorer.contract.encode_frame(model_input)
        decisions = self.scorer.score_encoded(rows)
        if rows.notices:
            _LOG.warning("%s", _sum_up(rows.notices, len(model_input)))
        return pd.DataFrame(decisions.columns(), index=model_input.index)


def _sum_up(notices: Sequence[Notice], rows: int) -> str:
    """Return one line with each field, what there is to know, and the number of applicants."""
    counts = Counter((notice.field, notice.problem) for notice in notices)
    said = (f"{field} {problem} ({count})" for (field, problem), count in counts.items())
    return f"warnings about {rows} applicants: {'; '.join(said)}"


mlflow.models.set_model(CreditScoringModel())
