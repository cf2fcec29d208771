"""The file of keys: its rules, and that it is read again when it changes."""

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scoring_model.errors import Unauthorized
from scoring_model.http.guard.access import Guard
from scoring_model.http.guard.keys_file import MOST_KEYS, KeysFile, read_keys
from scoring_model.settings import ServerSettings

pytestmark = pytest.mark.hostile("a file of keys that is broken, or replaced while it is read")

DIGEST = hashlib.sha256(b"a-key").hexdigest()
SHA = f'sha256 = "{DIGEST}"'
GOOD = f'a = {{ {SHA}, scopes = ["read"] }}'


def line(name: str, key: str) -> str:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f'{name} = {{ sha256 = "{digest}", scopes = ["predict", "read"] }}\n'


def test_comments_blank_lines_and_line_ends_of_windows_are_read() -> None:
    text = f"\ufeff# lenders\r\n\r\n  {GOOD} # until May\r\n".removeprefix("\ufeff")
    (key,) = read_keys(text)
    assert (key.name, key.digest) == ("a", bytes.fromhex(DIGEST))
    assert DIGEST not in repr(key)


@pytest.mark.parametrize(
    ("text", "number", "rule"),
    [
        ("a", 1, "must hold one key"),
        (f"{GOOD}\n\nb = [", 3, "must hold one key"),
        ("[a]", 1, "must begin with the key's name"),
        (f'"a" = {{ {SHA} }}', 1, "must begin with the key's name"),
        (f"a.b = {{ {SHA} }}", 1, "must begin with the key's name"),
        (f"key-7 = {{ {SHA} }}", 1, "not key-<number>"),
        (f"{DIGEST} = {{ {SHA} }}", 1, "1 to 40 letters"),
        (f"a = '{DIGEST}'", 1, "must hold one key"),
        ("a = " + "[" * 9999, 1, "must hold one key"),
        (f'a = {{ {SHA}, scopes = ["read"], until = 2027-01-01 }}', 1, "unknown option; known: "),
        ('a = { scopes = ["read"] }', 1, "must have sha256"),
        ('a = { sha256 = "a-plain-key", scopes = ["read"] }', 1, "in 64 hex digits"),
        (f"a = {{ {SHA} }}", 1, "must have scopes"),
        (f"a = {{ {SHA}, scopes = [] }}", 1, "must have scopes"),
        (f'a = {{ {SHA}, scopes = "read" }}', 1, "must have scopes"),
        (f'a = {{ {SHA}, scopes = ["write"] }}', 1, "one or more of: predict, read"),
        (f'a = {{ {SHA}, scopes = ["read"], expires = "2027-01-01" }}', 1, "without quotes"),
        (f'a = {{ {SHA}, scopes = ["read"], rows_per_second = 0 }}', 1, "at least 1"),
        (f'a = {{ {SHA}, scopes = ["read"], rows_per_second = true }}', 1, "whole number"),
        (f'a = {{ {SHA}, scopes = ["read"], requests_per_second = 1.5 }}', 1, "whole number"),
        (f"{GOOD}\n{line('a', 'another')}", 2, "the name of another line"),
        (f"{GOOD}\n{line('b', 'a-key')}", 2, "the sha256 of another line"),
        ("".join(line(f"k{n}", f"{n}") for n in range(MOST_KEYS + 1)), MOST_KEYS + 1, "too many"),
    ],
)
def test_a_broken_line_is_named_with_its_rule(text: str, number: int, rule: str) -> None:
    with pytest.raises(ValueError, match=rule) as caught:
        read_keys(text)
    message = str(caught.value)
    assert message.startswith(f"SCORING_KEYS_FILE: line {number} ")
    assert DIGEST not in message
    assert "a-plain-key" not in message
    assert "\n" not in message


def test_a_file_that_is_no_text_or_holds_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    for problem in ("cannot be read", "must name a file"):
        with pytest.raises(ValueError, match=problem):
            KeysFile(path).read()
        if not path.exists():
            os.mkfifo(path)
    path.unlink()
    for content, problem in (
        (b"\xff\xfe", "UTF-8"),
        (b"", "holds no key"),
        (b"# none\n", "holds no key"),
        (b"#" * 1048577, "at most 1048576 bytes"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=problem) as caught:
            KeysFile(path).read()
        assert str(tmp_path) not in str(caught.value)


@contextlib.asynccontextmanager
async def watched(guard: Guard) -> AsyncIterator[None]:
    task = asyncio.create_task(guard.watch())
    yield
    task.cancel()


async def wait_for_key(guard: Guard, key: str) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(Unauthorized):
                guard.check(None, {b"authorization": b"Bearer " + key.encode()})
                return
            await asyncio.sleep(0.02)


def test_the_file_is_read_again_however_it_is_replaced(tmp_path: Path) -> None:
    path, data = tmp_path / "keys.toml", tmp_path / "data"
    path.write_text(line("a", "key-one"))
    guard = Guard(ServerSettings("model", keys_file=path, metrics_directory=tmp_path))

    async def change() -> None:
        async with watched(guard):
            path.write_text(line("a", "another-key"))
            await wait_for_key(guard, "another-key")
            with pytest.raises(Unauthorized):
                guard.check(None, {b"authorization": b"Bearer key-one"})
            # as Kubernetes does: another file takes the name, with the same size and time
            before = path.stat()
            data.write_text(line("a", "key-six"))
            os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
            data.rename(path)
            await wait_for_key(guard, "key-six")
            path.unlink()
            await asyncio.sleep(1.2)
            await wait_for_key(guard, "key-six")
            path.write_text(line("a", "key-ten"))
            await wait_for_key(guard, "key-ten")

    asyncio.run(change())


def test_a_broken_file_ends_the_start_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'a = {{ {SHA}, scopes = ["write"] }}\n')
    ended = subprocess.run(
        [sys.executable, "-m", "uvicorn", "scoring_model.asgi:app", "--port", "0"],
        env={**os.environ, "SCORING_KEYS_FILE": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    rule = "line 1 must have scopes, a list of one or more of: predict, read"
    assert ended.stderr == f"error: SCORING_KEYS_FILE: {rule}\n"
