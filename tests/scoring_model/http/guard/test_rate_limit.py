"""Rate limits: token buckets that all workers share, and trouble with their file."""

import fcntl
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scoring_model.errors import TooManyRequests
from scoring_model.http.guard.keys import Key
from scoring_model.http.guard.rate_limit import KeyLimits, WrongKeys
from scoring_model.http.guard.shared_buckets import SharedBuckets
from scoring_model.telemetry import LOG

pytestmark = pytest.mark.hostile("a key that asks more often than it may, over several workers")

HOUR = 3600.0


def take_all(limits: KeyLimits) -> int:
    """Return how many requests are answered before the first is refused."""
    for answered in range(100000):
        try:
            limits.take("a", False)
        except TooManyRequests:
            return answered
    raise AssertionError


def limits_of(folder: Path, requests: int | None = None, rows: int | None = None) -> KeyLimits:
    key = Key("a", bytes(32), requests_per_second=requests, rows_per_second=rows)
    return KeyLimits([key], folder)


@pytest.mark.parametrize("rate", [1, 3, 10, 49, 1000])
def test_a_second_s_worth_may_be_used_at_once_and_comes_back_in_a_second(
    tmp_path: Path, rate: int
) -> None:
    limits = limits_of(tmp_path, requests=rate)
    began = time.monotonic()
    answered = take_all(limits)
    assert rate <= answered <= rate + (time.monotonic() - began) * rate + 1
    time.sleep(1.0)
    assert take_all(limits) >= rate


def test_the_message_has_the_limit_and_whole_seconds_to_wait(tmp_path: Path) -> None:
    limits = limits_of(tmp_path, rows=5)
    limits.add_rows("a", 5 + 10)
    with pytest.raises(TooManyRequests, match=r"5 applicants per second: try again in [23] s"):
        limits.take("a", True)
    limits = limits_of(tmp_path, requests=1)
    limits.take("a", False)
    with pytest.raises(TooManyRequests, match="1 requests per second: try again in 1 s"):
        limits.take("a", False)


def test_rows_go_into_debt_and_the_wait_is_the_time_to_pay_it(tmp_path: Path) -> None:
    limits = limits_of(tmp_path, rows=100)
    limits.take("a", True)
    limits.add_rows("a", 10000 - 1)
    with pytest.raises(TooManyRequests, match="100 applicants per second") as caught:
        limits.take("a", True)
    assert 98 <= (caught.value.retry_seconds or 0) <= 100
    limits.take("a", False)  # a request without applicants


def test_two_workers_share_the_limit_of_a_fast_key_to_one_percent_each(tmp_path: Path) -> None:
    began = time.monotonic()
    one, other = (limits_of(tmp_path, requests=10000) for _ in range(2))
    answered = take_all(one) + take_all(other)
    assert 10000 <= answered <= 10000 * (1.02 + time.monotonic() - began)


def test_what_is_given_back_can_be_taken_again(tmp_path: Path) -> None:
    limits = limits_of(tmp_path, requests=1, rows=1)
    for _ in range(50):
        limits.take("a", True)
        limits.give_back("a")
    limits.take("a", True)
    with pytest.raises(TooManyRequests):
        limits.take("a", True)


def test_a_request_that_is_refused_for_its_applicants_takes_no_request(tmp_path: Path) -> None:
    limits = limits_of(tmp_path, requests=10, rows=100)
    limits.add_rows("a", 10000)
    for _ in range(50):
        with pytest.raises(TooManyRequests, match="applicants"):
            limits.take("a", True)
    assert take_all(limits) >= 10


def test_a_key_without_limit_and_an_unknown_name_are_never_refused(tmp_path: Path) -> None:
    limits = limits_of(tmp_path)
    for name in ("a", "b"):
        for _ in range(1000):
            limits.take(name, True)
            limits.add_rows(name, 1000)
    assert list(tmp_path.iterdir()) == []


def count_open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_thousand_keys_with_limits_hold_no_open_file(tmp_path: Path) -> None:
    keys = [Key(f"key{number}", bytes(32), requests_per_second=1) for number in range(1000)]
    before = count_open_files()
    limits = KeyLimits(keys, tmp_path / "made when it is needed")
    for key in keys:
        limits.take(key.name, False)
    assert count_open_files() == before
    with pytest.raises(TooManyRequests):
        limits.take("key999", False)


def test_processes_that_take_at_the_same_time_share_one_bucket(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from scoring_model.http.guard.shared_buckets import SharedBuckets
buckets = SharedBuckets(Path(sys.argv[1]))
print(sum(not buckets.take(3, 1.0, 1000.5) for _ in range(20000)))
"""
    began = time.monotonic()
    command = [sys.executable, "-c", code, str(tmp_path / "a.limit")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    taken = [int(worker.communicate()[0]) for worker in workers]
    # a token comes back each second
    assert 1000 <= sum(taken) <= 1001 + time.monotonic() - began


@pytest.mark.hostile("a process that dies while it holds the lock of the rates")
def test_a_lock_that_is_never_released_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.limit"
    path.touch()
    buckets = SharedBuckets(path)
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        taken = [buckets.take(0, HOUR / 10, HOUR / 4) for _ in range(5)]
    assert [wait > 0 for wait in taken] == [False, False, True, True, True]


def told(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return the events about limits."""
    LOG.finish()
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return [line["message"] for line in lines if line["event"] == "limits"]


@pytest.mark.hostile("a file of rates that is gone, cut or damaged")
def test_trouble_with_the_file_leaves_each_worker_its_own_limit(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told(capfd)
    (tmp_path / "no folder").touch()
    limits = limits_of(tmp_path / "no folder", requests=1)
    assert take_all(limits) >= 1
    (message,) = told(capfd)
    assert message == "each worker counts for itself: its file cannot be used (Not a directory)"
    full = SharedBuckets(Path("/dev/full"))
    assert full.take(0, 1.0, 1.5) == 0.0
    (message,) = told(capfd)
    assert "No space left on device" in message
    assert full.take(0, 1.0, 1.5) > 0


@pytest.mark.hostile("a file of rates that is gone, cut or damaged")
def test_a_removed_cut_or_damaged_file_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.limit"
    buckets = SharedBuckets(path)
    assert buckets.take(0, HOUR / 10, HOUR / 8) == 0.0
    assert buckets.take(0, HOUR / 10, HOUR / 8) > 0
    path.unlink()
    assert buckets.take(0, HOUR / 10, HOUR / 8) == 0.0
    for content in (b"", b"abc", b"\xff" * 8, bytes(6) + b"\xf0\x7f", b"\x7f" * 8):
        path.write_bytes(content)
        assert buckets.take(0, HOUR / 10, HOUR / 8) == 0.0
        assert buckets.take(0, HOUR / 10, HOUR / 8) > 0


@pytest.mark.hostile("wrong keys, one after the other")
def test_an_address_may_send_so_many_wrong_keys_per_minute(tmp_path: Path) -> None:
    wrong = WrongKeys(3, tmp_path)
    for _ in range(3):
        wrong.take("203.0.113.7")
    with pytest.raises(TooManyRequests, match="3 wrong keys per minute") as caught:
        wrong.take("203.0.113.7")
    assert 1 <= (caught.value.retry_seconds or 0) <= 20
    with pytest.raises(TooManyRequests):
        wrong.take("::ffff:203.0.113.7")
    for peer in ("203.0.113.8", "2001:db8::1", None, "a socket"):
        wrong.take(peer)


@pytest.mark.hostile("wrong keys from many addresses")
def test_addresses_of_one_ipv6_network_count_together(tmp_path: Path) -> None:
    wrong = WrongKeys(3, tmp_path)
    for host in range(3):
        wrong.take(f"2001:db8:0:1::{host}")
    with pytest.raises(TooManyRequests):
        wrong.take("2001:db8:0:1:ffff::1")
    wrong.take("2001:db8:0:2::1")


@pytest.mark.hostile("wrong keys from many addresses")
def test_no_number_of_addresses_makes_the_file_grow(tmp_path: Path) -> None:
    wrong = WrongKeys(1000000, tmp_path)
    for number in range(30000):
        wrong.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size <= 32768


def test_no_limit_of_wrong_keys_needs_no_file(tmp_path: Path) -> None:
    wrong = WrongKeys(0, tmp_path)
    for _ in range(1000):
        wrong.take("203.0.113.7")
    assert list(tmp_path.iterdir()) == []
