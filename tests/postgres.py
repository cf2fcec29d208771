"""A PostgreSQL database for the tests, from Debian's packages, and a tracking server on it."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scoring_model.processes import find_free_port

START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running database.

    Attributes
    ----------
    uri : str
    control : callable
        Stops and starts the database, as `pg_ctl` does.
    """

    uri: str
    control: Callable[..., None]

    def stop(self) -> None:
        """End the database as a crash does."""
        self.control("-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        self.control("-w", "start")


@contextlib.contextmanager
def start_postgres() -> Iterator[str]:
    """Run a database until the block ends, and yield its URI; skip the test if impossible."""
    with run_postgres() as running:
        yield running.uri


@contextlib.contextmanager
def run_postgres() -> Iterator[Postgres]:
    """Run a database that can be stopped until the block ends; skip the test if impossible."""
    programs = _find_programs() or _install_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed and apt-get cannot install it here")
    account = _find_account()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    data, port = folder / "data", find_free_port()
    if account is not None:
        shutil.chown(folder, account)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        output = subprocess.DEVNULL
        subprocess.run(command, user=account, cwd=folder, check=True, stdout=output, stderr=output)

    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"

    def control(*arguments: str) -> None:
        run("pg_ctl", "-D", str(data), "-o", options, *arguments)

    try:
        run("initdb", "-D", str(data), "-U", "mlflow", "-A", "trust", "--no-sync")
        running = Postgres(f"postgresql://mlflow@127.0.0.1:{port}/mlflow", control)
        running.start()
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "mlflow", "mlflow")
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _install_programs() -> Path | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
        quiet = ["apt-get", "--quiet", "--quiet", *command]
        if subprocess.run(quiet, env=environment, check=False).returncode:
            return None
    return _find_programs()


def _find_account() -> str | None:
    """Return the account for the database, if the tests run as root: it refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextlib.contextmanager
def start_tracking_server(database: str, folder: Path, program: str) -> Iterator[str]:
    """Run `mlflow server` on a database until the block ends, and yield its URI."""
    port = find_free_port()
    command = [program, "server", "--backend-store-uri", database, "--port", str(port)]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--workers", "2"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    with (folder / "tracking.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        uri = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{uri}/health"):
            assert server.poll() is None, (folder / "tracking.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield uri
    finally:
        # the whole process group, because the workers are child processes
        os.killpg(server.pid, 15)
        server.wait(60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
