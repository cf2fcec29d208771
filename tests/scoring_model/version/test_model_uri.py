"""What goes wrong at the registry is said without addresses, and a huge version is not fetched."""

from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from scoring_model.errors import ArtifactError
from scoring_model.version.failures import (
    UnknownVersion,
    Unreachable,
    describe_failure,
    explain_failure,
    named_failures,
)
from scoring_model.version.model_uri import MOST_FILES, download, find_uri
from tests.scoring_model.processes import find_free_port
from tests.stores import own_store


def failure_of(uri: str) -> Exception:
    """Return how looking for a version fails."""
    with pytest.raises((UnknownVersion, Unreachable)) as raised, named_failures(uri):
        find_uri(uri)
    return raised.value


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("models:/nobody@champion", "the registry does not know the model 'nobody' or its version"),
        ("models:/m@champion", "the registry does not know this alias of the model 'm'"),
        ("models:/m/Production", "no version of 'm' is in the stage 'Production'"),
    ],
)
def test_a_version_that_the_registry_does_not_have_is_named(
    tmp_path: Path, uri: str, said: str
) -> None:
    with own_store(tmp_path, "names"):
        MlflowClient().create_registered_model("m")
        failure = failure_of(uri)
    assert describe_failure(failure) == said
    assert "does not know the version" in explain_failure(failure)


@pytest.mark.hostile("a registry that does not answer")
def test_a_registry_that_does_not_answer_keeps_its_address(tmp_path: Path) -> None:
    with own_store(tmp_path, "away"):
        port = find_free_port()
        mlflow.set_tracking_uri(f"http://user:secret@127.0.0.1:{port}")
        failure = failure_of("models:/m@champion")
    said = describe_failure(failure)
    assert said.startswith("the model 'm' cannot be fetched from the registry")
    assert not any(part in said for part in ("secret", "127.0.0.1", str(port)))
    assert explain_failure(failure) == "the registry does not answer"


@pytest.mark.hostile("a cache that cannot be written")
def test_a_disk_that_is_full_is_said_in_the_system_s_words() -> None:
    assert describe_failure(OSError(28, "message", "/a/path")) == "No space left on device"


def make_sparse(folder: Path) -> None:
    with (folder / "deep" / "big").open("wb") as file:
        file.truncate(1 << 40)


def make_many(folder: Path) -> None:
    for number in range(MOST_FILES + 1):
        (folder / "deep" / str(number)).touch()


@pytest.mark.hostile("a version that would fill the disk or the memory")
@pytest.mark.parametrize("fill", [make_sparse, make_many])
def test_a_version_that_would_fill_the_disk_is_not_fetched(tmp_path: Path, fill: object) -> None:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    assert callable(fill)
    fill(tmp_path / "model")
    with pytest.raises(ArtifactError, match="its files must be at most"):
        download(str(tmp_path / "model"), tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []
