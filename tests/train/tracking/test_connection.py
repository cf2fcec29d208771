"""If the registry does not answer, a command ends at once with one line, without the password."""

import socket
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.stores import kept_tracking
from train.__main__ import main
from train.errors import InputError
from train.tracking import check_registry_answers, connection


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore the tracking URI for other tests."""
    with kept_tracking():
        yield


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Yield a port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """Return a port on which no program listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


COMMANDS = [
    ["promote", "--version", "1", "--stage", "Production"],
    ["rollback", "--reason", "why not"],
    ["history"],
    ["train"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_reports_it(
    command: list[str], closed_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    mlflow.set_tracking_uri(f"http://name:secret@127.0.0.1:{closed_port}")
    assert main(command) == 1
    error = capsys.readouterr().err
    assert error.startswith(
        f"error: the registry at http://127.0.0.1:{closed_port} does not answer"
    )
    assert error.count("\n") == 1
    assert "secret" not in error


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg"])
def test_a_silent_server_counts_as_no_answer(
    scheme: str, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT_SECONDS", 2)
    mlflow.set_tracking_uri(f"{scheme}://name:secret@127.0.0.1:{silent_port}/x")
    with pytest.raises(InputError, match="does not answer") as caught:
        check_registry_answers()
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text(
        "a text file, not a database, and long enough to read a header from"
    )
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.raises(InputError, match="file is not a database"):
        check_registry_answers()


def test_a_driver_that_is_not_installed() -> None:
    mlflow.set_tracking_uri("mysql+oursql://127.0.0.1/x")
    with pytest.raises(InputError, match="registry at mysql"):
        check_registry_answers()


def test_a_database_that_answers(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    check_registry_answers()
