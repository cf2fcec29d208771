"""`load_model`: load a registered version or a folder as data, without running its code."""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoring_model.errors import ArtifactError, ScoringError
from scoring_model.policy import Decisions
from scoring_model.version.artifacts import (
    SCORER_ARTIFACT,
    check_example,
    load_example,
    make_scorer,
    read_artifacts,
)
from scoring_model.version.scorer import Scorer
from scoring_model.version.timed_scoring import CURRENT_SCORING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded version, which gives the logged answer to its own example.

    Attributes
    ----------
    scorer : Scorer
    pyfunc : mlflow.pyfunc.PyFuncModel
        The same scorer, in the form that MLflow's scoring server needs.
    version : str
        Number in the registry. If the folder is not from the registry, its model id.
    example : dict
        The applicant that was logged with the model.
    """

    scorer: Scorer
    pyfunc: Any
    version: str
    example: dict[str, Any]


class ServedModel:
    """The model that MLflow's scoring server calls: the server's own code with a version's data."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def predict(
        self,
        model_input: "pd.DataFrame",
        params: dict[str, Any] | None = None,
    ) -> "pd.DataFrame":
        """Score applicants as `CreditScoringModel.predict` does, within the time limit."""
        import pandas as pd

        return pd.DataFrame(self._score(model_input).columns(), index=model_input.index)

    def _score(self, model_input: "pd.DataFrame") -> Decisions:
        scoring = CURRENT_SCORING.get()
        if scoring is None or scoring.rows is None:
            return self._scorer.score_frame(model_input)
        # the request was encoded when it was checked, and MLflow's table holds the same rows
        if len(model_input) != len(scoring.rows.matrix):
            raise ScoringError("MLflow read another number of applicants than the server")
        return scoring.score(self._scorer, scoring.rows)


def load_model(uri: str) -> LoadedModel:
    """Fetch a model, check its files and score its example.

    Parameters
    ----------
    uri : str
        A folder, or any URI that MLflow knows: `models:/<name>@<alias>`, `models:/<name>/<stage>`.

    Raises
    ------
    ArtifactError
        The model was not logged by this system, or its files are altered or unreadable.
    mlflow.exceptions.MlflowException
        The registry does not know the model or does not answer.
    """
    from mlflow.models import Model
    from mlflow.pyfunc import PyFuncModel

    with contextlib.ExitStack() as stack:
        folder = Path(uri)
        if not folder.is_dir():
            folder = _download(uri, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        metadata = Model.load(str(folder))
        files = read_artifacts(folder / _find_artifacts(metadata.flavors))
        scorer = make_scorer(files)
        check_example(files, scorer)
        return LoadedModel(
            scorer=scorer,
            pyfunc=PyFuncModel(metadata, ServedModel(scorer)),
            version=_find_version(folder) or str(metadata.model_id or metadata.model_uuid),
            example=load_example(files),
        )


def _find_artifacts(flavors: dict[str, Any]) -> str:
    """Return the folder of the scorer's files, relative to the model's."""
    try:
        return str(flavors["python_function"]["artifacts"][SCORER_ARTIFACT]["path"])
    except KeyError as error:
        raise ArtifactError(f"the model has no artifact {SCORER_ARTIFACT!r}") from error


def _download(uri: str, folder: Path) -> Path:
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(artifact_uri=uri, dst_path=str(folder)))


def _find_version(folder: Path) -> str | None:
    """Return the version that MLflow writes next to a model from the registry, if any."""
    import yaml

    note = folder / "registered_model_meta"
    if not note.is_file():
        return None
    return str(yaml.safe_load(note.read_text())["model_version"])
