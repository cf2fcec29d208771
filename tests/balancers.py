"""Runs nginx and HAProxy with the configurations of `deploy/`."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conftest import ROOT

START_SECONDS = 30.0
_PATH = f"{os.environ['PATH']}:/usr/sbin"
NGINX, HAPROXY = (shutil.which(name, path=_PATH) for name in ("nginx", "haproxy"))


def read_example(name: str, places: Mapping[str, str]) -> str:
    """Return an example of `deploy/` with addresses of a test in place of its own."""
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    for place, other in places.items():
        assert place in text
        text = text.replace(place, other)
    return text


@contextlib.contextmanager
def run_nginx(site: str, folder: Path, port: int) -> Iterator[None]:
    """Run nginx with the servers and upstreams of a text, until the block ends."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    # a test's folder is closed to the user that nginx's workers would become
    user = "user root;\n" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(
        f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}{site}}}\n"
    )
    with _run([str(NGINX), "-p", str(folder), "-e", "stderr", "-c", str(file)], folder, port):
        yield


@contextlib.contextmanager
def run_haproxy(configuration: str, folder: Path, port: int) -> Iterator[None]:
    """Run HAProxy with a configuration, until the block ends."""
    file = folder / "haproxy.cfg"
    file.write_text(configuration)
    with _run([str(HAPROXY), "-f", str(file)], folder, port):
        yield


@contextlib.contextmanager
def _run(command: list[str], folder: Path, port: int) -> Iterator[None]:
    log = folder / "balancer.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)
