"""What goes wrong at the registry is said without passwords, and a huge version is not fetched."""

from pathlib import Path
from urllib.parse import unquote

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from scoring_model.errors import ArtifactError
from scoring_model.settings import to_masked_line
from scoring_model.version.failures import (
    MissingFolder,
    UnknownVersion,
    Unreachable,
    describe_failure,
    explain_failure,
    named_failures,
)
from scoring_model.version.model_uri import (
    MOST_FILES,
    describe_source,
    download,
    find_folder,
    find_uri,
)
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
    assert describe_failure(failure).startswith(said)
    assert "\n" not in describe_failure(failure)
    assert "does not know the version" in explain_failure(failure)


@pytest.mark.hostile("a registry that does not answer")
@pytest.mark.parametrize("secret", ["se%20cret", "p@ss:word", "tr0ub4dor&3"])
def test_a_registry_that_does_not_answer_is_named_without_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    with own_store(tmp_path, "away"):
        port = find_free_port()
        address = f"http://somebody:{secret}@127.0.0.1:{port}"
        # MLflow itself hands the token to the registry
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "a-token-of-mine")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        mlflow.set_tracking_uri(address)
        failure = failure_of("models:/m@champion")
        source = describe_source("models:/m@champion")
    said = describe_failure(failure)
    assert said.startswith("the model 'm' cannot be fetched from the registry: ")
    assert str(port) in said
    assert source == f"models:/m@champion (tracking URI http://***@127.0.0.1:{port})"
    for text in (said, source):
        assert "\n" not in text
        assert not any(part in text for part in (secret, unquote(secret), "somebody", "a-token"))
    assert explain_failure(failure) == "the registry does not answer"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("postgresql://bob:pw@host/db?sslmode=on", "postgresql://***@host/db?sslmode=on"),
        (
            "to bad:\n  s3://k:s@here and\thttp://b:p@c/x",
            "to bad: s3://***@here and http://***@c/x",
        ),
        (
            "postgresql://host/db?user=bob&password=pw&x=1",
            "postgresql://host/db?user=***&password=***&x=1",
        ),
        (
            'FATAL: authentication failed for user "bob"',
            'FATAL: authentication failed for user "***"',
        ),
        ("models:/credit@champion", "models:/credit@champion"),
        ("there is no user-defined function", "there is no user-defined function"),
    ],
)
def test_credentials_in_a_message_are_masked(text: str, line: str) -> None:
    assert to_masked_line(text) == line


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("file:///models/my%20best%23one", "/models/my best#one"),
        ("file://localhost/models/one", "/models/one"),
        ("models/one", "models/one"),
        ("/models/a%20b", "/models/a%20b"),
        ("file://elsewhere/models/one", None),
        ("models:/m@champion", None),
        ("s3://bucket/one", None),
    ],
)
def test_a_folder_is_named_by_its_path_or_by_a_uri(uri: str, folder: str | None) -> None:
    assert find_folder(uri) == (None if folder is None else Path(folder))


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFolder, match=f"there is no folder {tmp_path}/none"):
        find_uri(f"file://{tmp_path}/none")


def test_looking_for_a_version_makes_no_database(tmp_path: Path) -> None:
    with own_store(tmp_path, "none"):
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/none.db")
        with pytest.raises(Unreachable, match=r"there is no database .*none\.db: set MLFLOW_TRACK"):
            find_uri("models:/m@champion")
    assert not (tmp_path / "none.db").exists()


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
