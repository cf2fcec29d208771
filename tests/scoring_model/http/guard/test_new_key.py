"""`make key`: a new key, its digest, and its line for the file of keys."""

import hashlib
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from scoring_model.http.guard.access import Guard
from scoring_model.http.guard.keys_file import read_key
from scoring_model.settings import read_settings


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "scoring_model.http.guard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def key_of(shown: "subprocess.CompletedProcess[str]") -> str:
    """Return the key, which must be all that standard error holds."""
    assert shown.returncode == 0
    label, key = shown.stderr.split()
    assert label == "key:"
    return key


def test_without_a_name_standard_output_is_the_digest_for_the_variable() -> None:
    shown = run()
    key, digest = key_of(shown), shown.stdout.strip()
    assert digest == hashlib.sha256(key.encode()).hexdigest()
    guard = Guard(read_settings({"SCORING_API_KEYS": digest}))
    headers = {b"authorization": f"Bearer {key}".encode()}
    assert guard.admit("203.0.113.7", headers, "read") == "key-1"


def test_with_a_name_standard_output_is_a_line_of_the_file() -> None:
    options = ("--scopes", "predict", "--expires", "2027-12-31")
    limits = ("--requests-per-second", "50", "--rows-per-second", "5000")
    shown = run("--name", "lender-a", *options, *limits)
    key = read_key(shown.stdout.strip())
    assert key.digest == hashlib.sha256(key_of(shown).encode()).digest()
    assert key.name == "lender-a"
    assert key.scopes == {"predict"}
    assert (key.requests_per_second, key.rows_per_second) == (50, 5000)
    assert key.ends_at == datetime(2028, 1, 1, tzinfo=UTC).timestamp()


def test_a_line_with_a_name_alone_has_all_scopes_and_no_limit() -> None:
    key = read_key(run("--name", "mine").stdout.strip())
    assert key.scopes == {"predict", "read"}
    assert (key.ends_at, key.requests_per_second, key.rows_per_second) == (None, None, None)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--name", "a b"), "1 to 40 letters"),
        (("--name", "key-1"), "not key-<number>"),
        (("--name", "a", "--scopes", "write"), "predict, read"),
        (("--name", "a", "--expires", "soon"), "a date such as 2027-12-31"),
        (("--name", "a", "--rows-per-second", "0"), "whole number of at least 1"),
        (("--name", "a", "--rows-per-second", "many"), "invalid int value"),
        (("--scopes", "read"), "--name is missing"),
        (("--nme", "a"), "unrecognized arguments"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: tuple[str, ...], problem: str) -> None:
    shown = run(*arguments)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert problem in shown.stderr
    assert len(shown.stderr.splitlines()) == 1
