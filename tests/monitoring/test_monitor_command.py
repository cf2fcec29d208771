"""The command `monitor`: each wrong parameter is one line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.__main__ import main
from tests.monitoring.logs import make_log

pytestmark = pytest.mark.usefixtures("store")

TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--as_of", "31.12.2007"], "as_of must be a day such as 2026-11-25, got '31.12.2007'"),
        (["--as_of", "2007-02-30"], "as_of must be a day such as 2026-11-25, got '2007-02-30'"),
        (["--as_of", TOMORROW], "as_of must not be after today, "),
        (["--query", "SELECT 1"], "outcomes: query and table need it: name the database by "),
        (["--notify", "http://hooks.example/token-7"], "notify: must begin with https://; "),
        (["--notify", "https://hooks.example/token-7"], "notify: set the variable MONITOR_NOTIFY_"),
        (["--model", "a/b"], "model must be made of letters, digits, dots, dashes and underscores"),
        (["--model", "nobody"], "portfolio: no version of nobody is in production, which would "),
        (["--portfolio", "no/portfolio.toml"], "no/portfolio.toml"),
        (["--engine", "dask"], "argument --engine: invalid choice: 'dask'"),
    ],
)
def test_a_wrong_parameter_is_one_line(
    arguments: list[str],
    error: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MONITOR_NOTIFY_KEY", raising=False)
    place = make_log(tmp_path / "log", writers=1, decisions=5)
    try:
        status = main(["monitor", "--decisions", str(place), *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    output = capsys.readouterr()
    assert status == 1
    [line] = output.err.splitlines()
    assert line.startswith(f"error: {error}")
    assert "token-7" not in output.out + output.err


def test_a_place_without_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", "--decisions", str(tmp_path)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: decisions: ")
