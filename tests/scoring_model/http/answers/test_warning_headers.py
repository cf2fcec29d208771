"""The headers of `/invocations` hold the first notices in a size that every proxy passes."""

import json
from urllib.parse import unquote

import pytest

from scoring_model.contract import NEVER_SEEN, Notice
from scoring_model.http.answers import make_warning_headers


def headers_of(notices: list[Notice]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in make_warning_headers(notices)}


def test_without_notices_there_is_no_header() -> None:
    assert make_warning_headers(()) == ()


@pytest.mark.parametrize("field", ["region", "Région, n° 1", 'quo"te\\d', "100%", "地域", "a\r\nb"])
def test_a_notice_is_read_back_as_it_was(field: str) -> None:
    headers = headers_of([Notice(3, field, NEVER_SEEN)])
    entry = {"row": 3, "field": field, "problem": NEVER_SEEN}
    assert json.loads(unquote(headers["x-warnings"])) == [entry]
    assert headers["x-warnings-count"] == "1"
    assert headers["x-warnings"].isascii()
    assert headers["x-warnings"].isprintable()


@pytest.mark.parametrize(
    ("field", "problem", "listed"),
    [("a", "is odd", 20), ("region", NEVER_SEEN, 14), ("地" * 300, NEVER_SEEN, 1)],
)
def test_the_first_notices_are_listed_and_all_are_counted(
    field: str, problem: str, listed: int
) -> None:
    headers = headers_of([Notice(row, field, problem) for row in range(5000)])
    entries = json.loads(unquote(headers["x-warnings"]))
    assert [entry["row"] for entry in entries] == list(range(len(entries)))
    assert len(entries) == listed
    assert headers["x-warnings-count"] == "5000"
    assert len(headers["x-warnings"]) <= 2048
