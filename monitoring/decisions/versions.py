"""`VersionFinder`: finds the version that made a decision, by the SHA-256 of its manifest."""

from collections.abc import Iterator

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from scoring_model.decision_log import VersionName
from scoring_model.errors import ArtifactError
from scoring_model.version import Scorer, VersionContent, fetch_content, make_scorer
from train.errors import InputError, reason_of
from train.tables import hide_password

_PAGE = 1000
_NOWHERE = "no version in the registry that can be read has this manifest"
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class VersionFinder:
    """Finds versions in the registry; downloads each at most twice.

    Parameters
    ----------
    model_uri : str
        A version that may be in no registry; empty for none.

    Attributes
    ----------
    problems : dict of str to str
        Why a version is not found, by its manifest.

    Raises
    ------
    InputError
        `model_uri` cannot be loaded.
    """

    def __init__(self, model_uri: str = "") -> None:
        self.problems: dict[str, str] = {}
        self._contents: dict[str, VersionContent] = {}
        self._scorers: dict[str, Scorer | None] = {}
        # the manifest of each version that was downloaded; empty if it cannot be read
        self._manifests: dict[tuple[str, str], str] = {}
        self._listed: list[tuple[str, str]] | None = None
        self._given = ""
        self._uri = model_uri
        if model_uri:
            try:
                content = fetch_content(model_uri)
            except (ArtifactError, MlflowException, OSError) as error:
                raise InputError(
                    f"model_uri {hide_password(model_uri)}: cannot be loaded: {reason_of(error)}"
                ) from error
            self._given = content.name.manifest
            self._contents[self._given] = content

    @property
    def unused(self) -> str:
        """What to say if no decision was made by `model_uri`; empty if there is nothing to say."""
        if not self._given or self._scorers.get(self._given):
            return ""
        return (
            f"model_uri {hide_password(self._uri)}: it made none of these decisions: the SHA-256 "
            f"of its manifest is {self._given}"
        )

    def find_scorer(self, name: VersionName) -> Scorer | None:
        """Return the version that a record names, or None if there is none; see `problems`."""
        if name.manifest not in self._scorers:
            self._scorers[name.manifest] = self._make(name)
        return self._scorers[name.manifest]

    def find_files(self, name: VersionName) -> dict[str, bytes] | None:
        """Return the files of such a version, as `make_scorer` takes them."""
        return self._contents[name.manifest].files if self.find_scorer(name) else None

    def _make(self, name: VersionName) -> Scorer | None:
        content = self._contents.get(name.manifest) or self._fetch(name)
        if content is None:
            self.problems.setdefault(name.manifest, _NOWHERE)
            return None
        self._contents[name.manifest] = content
        try:
            return make_scorer(content.files, content.version)
        except ArtifactError as error:
            self.problems[name.manifest] = reason_of(error)
            return None

    def _fetch(self, name: VersionName) -> VersionContent | None:
        for model, number in self._candidates(name):
            if self._manifests.get((model, number), name.manifest) != name.manifest:
                continue
            content, problem = _try_fetch(model, number)
            self._manifests[model, number] = content.name.manifest if content else ""
            if content and content.name.manifest == name.manifest:
                return content
            if problem and (model, number) == name[:2]:
                self.problems[name.manifest] = problem
        return None

    def _candidates(self, name: VersionName) -> Iterator[tuple[str, str]]:
        """Yield the version that the record names, those of its model, and all others."""
        named = (name.model, name.version)
        if name.model is not None:
            yield name.model, name.version
        if self._listed is None:
            self._listed = _list_versions()
        # those of the model first
        for candidate in sorted(self._listed, key=lambda listed: listed[0] != name.model):
            if candidate != named:
                yield candidate


def _try_fetch(model: str, number: str) -> tuple[VersionContent | None, str]:
    """Return a version, or None and the reason if it is registered and cannot be read."""
    try:
        MlflowClient().get_model_version(model, number)
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            # the registry does not answer, which says nothing about the version
            raise
        return None, ""
    try:
        return fetch_content(f"models:/{model}/{number}"), ""
    except (ArtifactError, MlflowException, OSError) as error:
        return None, f"it cannot be loaded: {reason_of(error)}"


def _list_versions() -> list[tuple[str, str]]:
    """Return model and number of all versions in the registry, the newest first."""
    client, token, found = MlflowClient(), None, []
    while True:
        page = client.search_model_versions(max_results=_PAGE, page_token=token)
        found += [(str(version.name), int(version.version)) for version in page]
        token = page.token
        if not token:
            break
    found.sort(key=lambda version: version[1], reverse=True)
    return [(model, str(number)) for model, number in found]
