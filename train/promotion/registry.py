"""`Registry`: one registered model. Registers versions, loads them, sets stage and alias."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from scoring_model.errors import ArtifactError
from scoring_model.version import Scorer, load_model
from train.errors import InputError, reason_of
from train.promotion.ledger import LEDGER_TAG, insist, new_ledger

# the registered model of the commands that name none, and of the default portfolio
DEFAULT_MODEL = "credit-scoring"
CHAMPION, CHALLENGER = "champion", "challenger"
CHAMPION_MARK = "**Champion:** "  # what follows in the model's description is about the champion
ALIAS_OF_STAGE = {"Production": CHAMPION, "Staging": CHALLENGER, "Archived": None}
REGISTER_ATTEMPTS = 5
# MLflow returns no more versions than this at once
MAX_VERSIONS = 10_000


@contextmanager
def _stages() -> Iterator[None]:
    """Silence MLflow's warning that stages are deprecated; this project sets aliases too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def check_stage(stage: str) -> None:
    """Raise `InputError` if a stage does not exist."""
    if stage not in ALIAS_OF_STAGE:
        raise InputError(f"stage must be one of {', '.join(ALIAS_OF_STAGE)}, got {stage!r}")


@dataclass(frozen=True, slots=True)
class Registry:
    """A registered model and its versions.

    Attributes
    ----------
    name : str
        Name of the registered model.
    """

    name: str

    @property
    def option(self) -> str:
        """The parameter of `mlflow run` that names this model; empty for the default one."""
        return "" if self.name == DEFAULT_MODEL else f" -P model={self.name}"

    @property
    def champion_uri(self) -> str:
        """The URI of the champion, whichever version that is."""
        return f"models:/{self.name}@{CHAMPION}"

    @property
    def serve_command(self) -> str:
        """The command that serves the champion."""
        variable = "" if self.name == DEFAULT_MODEL else f"MODEL_URI={self.champion_uri} "
        return f"{variable}make serve"

    def register(self, model_uri: str, tags: Mapping[str, Any], description: str = "") -> int:
        """Register a logged model as the next version and return its number."""
        number = self._register(model_uri, dict(tags))
        insist(MlflowClient().update_model_version, self.name, str(number), description)
        return number

    def _register(self, model_uri: str, tags: dict[str, Any]) -> int:
        self.find_ledger()
        for attempt in range(1, REGISTER_ATTEMPTS + 1):
            try:
                return int(mlflow.register_model(model_uri, self.name, tags=tags).version)
            except MlflowException as error:
                # MLflow gives up after three numbers, too few if several trainings finish at once
                if "Giving up" not in str(error) or attempt == REGISTER_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def describe(self, text: str) -> None:
        """Describe the registered model, unless it has a description."""
        client = MlflowClient()
        if client.get_registered_model(self.name).description:
            return
        insist(client.update_registered_model, self.name, f"{text}\n\n{CHAMPION_MARK}none")
        if (champion := self.champion()) is not None:
            self._describe_champion(int(champion.version))

    def _describe_champion(self, version: int) -> None:
        """Put the figures of the champion into the description, after its mark."""
        client = MlflowClient()
        present = client.get_registered_model(self.name).description or ""
        own, mark, _ = present.partition(CHAMPION_MARK)
        if mark:
            figures = client.get_model_version(self.name, str(version)).description or ""
            text = f"{own}{mark}version {version}\n\n{figures}"
            insist(client.update_registered_model, self.name, text)

    def find_ledger(self) -> str:
        """Return the id of the run that holds the ledger; create model and ledger if needed."""
        client = MlflowClient()
        try:
            tags = client.get_registered_model(self.name).tags
        except MlflowException:
            tags = self._create_model(client)
        if LEDGER_TAG not in tags:
            # the model was registered before this project had a ledger
            insist(client.set_registered_model_tag, self.name, LEDGER_TAG, new_ledger(self.name))
            tags = client.get_registered_model(self.name).tags
        return str(tags[LEDGER_TAG])

    def _create_model(self, client: MlflowClient) -> dict[str, str]:
        """Create the registered model with its ledger; of several processes, the first one wins."""
        ledger = new_ledger(self.name)
        try:
            return dict(client.create_registered_model(self.name, tags={LEDGER_TAG: ledger}).tags)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            client.delete_run(ledger)
            return dict(client.get_registered_model(self.name).tags)

    def has_model(self) -> bool:
        """Return whether a model is registered under this name."""
        return bool(MlflowClient().search_registered_models(f"name = '{self.name}'"))

    def has_version(self, version: int) -> bool:
        """Return whether a version exists; a deleted version does not."""
        try:
            MlflowClient().get_model_version(self.name, str(version))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        return True

    def champion(self) -> ModelVersion | None:
        """Return the version in production, or None before the first promotion."""
        return self._by_alias(CHAMPION)

    def _by_alias(self, alias: str) -> ModelVersion | None:
        try:
            return MlflowClient().get_model_version_by_alias(self.name, alias)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def find_version(self, text: str) -> ModelVersion:
        """Return a version.

        Parameters
        ----------
        text : str
            Number of the version, or `latest` for the newest.

        Raises
        ------
        InputError
            The version does not exist, or it was deleted.
        """
        if text != "latest" and not (text.isascii() and text.isdigit()):
            raise InputError(f"version must be a number of {self.name} or latest, got {text!r}")
        numbers = sorted(int(version.version) for version in self._versions())
        if not numbers:
            raise self.without_version()
        number = numbers[-1] if text == "latest" else int(text)
        if number not in numbers:
            raise InputError(f"{self.name} has no version {text}: the newest is {numbers[-1]}")
        return MlflowClient().get_model_version(self.name, str(number))

    def without_version(self) -> InputError:
        """Return the error of a command that needs a version, where there is none."""
        return InputError(
            f"{self.name} has no version yet: train one, or name another model by -P model="
        )

    def has_versions_of(self, portfolio: str) -> bool:
        """Return whether a version was trained on the portfolio with this name."""
        return any(version.tags.get("portfolio") == portfolio for version in self._versions())

    def set_stage(self, version: int, stage: str) -> None:
        """Set the stage of a version, then the alias; repeating the call changes nothing.

        The version that had the stage before is archived and loses the alias.
        """
        client = MlflowClient()
        self._transition(version, stage)
        alias = ALIAS_OF_STAGE[stage]
        if alias:
            insist(client.set_registered_model_alias, self.name, alias, str(version))
            if alias == CHAMPION:
                self._describe_champion(version)
            # MLflow's own `archive_existing_versions` fails on PostgreSQL with psycopg 3, because
            # it compares the number of a version with text
            for other in self._versions():
                if other.current_stage == stage and int(other.version) != version:
                    self._transition(int(other.version), "Archived")
        for other_alias in {CHAMPION, CHALLENGER} - {alias}:
            holder = self._by_alias(other_alias)
            if holder is not None and int(holder.version) == version:
                insist(client.delete_registered_model_alias, self.name, other_alias)

    def _transition(self, version: int, stage: str) -> None:
        with _stages():
            MlflowClient().transition_model_version_stage(self.name, str(version), stage)

    def _versions(self) -> list[ModelVersion]:
        return list(
            MlflowClient().search_model_versions(f"name = '{self.name}'", max_results=MAX_VERSIONS)
        )

    def in_production(self) -> tuple[int | None, int | None]:
        """Return the version in production by stage and by alias; they may differ after a crash."""
        staged = [int(v.version) for v in self._versions() if v.current_stage == "Production"]
        alias = self.champion()
        return max(staged, default=None), None if alias is None else int(alias.version)

    def load_version(self, version: ModelVersion) -> Scorer:
        """Load the scorer of a version, and check its files and its answer to the logged example.

        Parameters
        ----------
        version : ModelVersion
            Version in the registry.

        Raises
        ------
        InputError
            The version was not logged by this system, or its files were changed or deleted.
        """
        try:
            return load_model(f"models:/{self.name}/{version.version}").scorer
        except (ArtifactError, MlflowException, OSError) as error:
            raise InputError(
                f"version {version.version} cannot be loaded: {reason_of(error)}"
            ) from error

    def tag_version(self, version: int, tags: Mapping[str, str]) -> None:
        """Write tags on a version."""
        for name, value in tags.items():
            insist(MlflowClient().set_model_version_tag, self.name, str(version), name, value)
