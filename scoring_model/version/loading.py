"""`load_model`: load a registered version or a folder as data, without running its code."""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoring_model.contract import FeatureContract
from scoring_model.decision_log import VersionName
from scoring_model.errors import ScoringError
from scoring_model.policy import FIELDS, Decisions
from scoring_model.version.artifacts import load_example, make_scorer
from scoring_model.version.checks import check_scorer
from scoring_model.version.content import VersionContent, read_version
from scoring_model.version.model_uri import find_folder
from scoring_model.version.scorer import Scorer
from scoring_model.version.timed_scoring import CURRENT_SCORING

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature


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
    logged : dict of str to str
        Names and values that training logged with the model.
    name : VersionName
        What the decision log calls the version.
    """

    scorer: Scorer
    pyfunc: Any
    version: str
    example: dict[str, Any]
    logged: dict[str, str]
    name: VersionName


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


def signature_of(contract: FeatureContract) -> "ModelSignature":
    """Return the MLflow signature: the contract's fields, of any type, nullable ones optional.

    The contract checks the values, so that every way to ask has the same rules. MLflow's own types
    are both stricter and laxer: `double` refuses whole numbers and takes true as 1, `string`
    refuses yes/no columns, and `boolean` turns null into False and the text "false" into True.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType

    inputs = [
        ColSpec(AnyType(), name=field.name, required=not field.nullable)
        for field in contract.fields
    ]
    kinds = (DataType.double, DataType.long, DataType.double)
    outputs = [ColSpec(kind, name=name) for name, kind in zip(FIELDS, kinds, strict=True)]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def make_model(content: VersionContent) -> LoadedModel:
    """Return the model of a version's content.

    Parameters
    ----------
    content : VersionContent
        What `read_version` returned. `check_scorer` has passed it, in any process.

    Raises
    ------
    ArtifactError
        A file breaks a rule, or this code cannot read its `format_version`.
    """
    from mlflow.models import Model
    from mlflow.pyfunc import PyFuncModel

    scorer = make_scorer(content.files, content.version)
    metadata = Model(signature=signature_of(scorer.contract))
    return LoadedModel(
        scorer=scorer,
        pyfunc=PyFuncModel(metadata, ServedModel(scorer)),
        version=content.version,
        example=load_example(content.files),
        logged=content.logged,
        name=content.name,
    )


def load_model(uri: str) -> LoadedModel:
    """Fetch a model, check its files and score its example.

    Parameters
    ----------
    uri : str
        As in `fetch_content`.

    Raises
    ------
    ArtifactError
        The model was not logged by this system, or its files are altered or unreadable.
    mlflow.exceptions.MlflowException
        The registry does not know the model or does not answer.
    """
    content = fetch_content(uri)
    model = make_model(content)
    check_scorer(content.files, model.scorer)
    return model


def fetch_content(uri: str) -> VersionContent:
    """Fetch a version and read its files.

    Parameters
    ----------
    uri : str
        A folder, or any URI that MLflow knows: `models:/<name>@<alias>`, `models:/<name>/<stage>`.

    Raises
    ------
    ArtifactError
        The version was not logged by this system, or a file of it is altered or unreadable.
    mlflow.exceptions.MlflowException
        The registry does not know the version or does not answer.
    """
    with contextlib.ExitStack() as stack:
        folder = find_folder(uri)
        if folder is None or not folder.is_dir():
            folder = _download(uri, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        return read_version(folder)


def _download(uri: str, folder: Path) -> Path:
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(artifact_uri=uri, dst_path=str(folder)))
