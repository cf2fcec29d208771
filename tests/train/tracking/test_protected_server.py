"""Every way in which MLflow's client proves itself to a tracking server works for the commands."""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest

from tests.balancers import NGINX, run_nginx
from tests.certificates import Certificates, make_certificates
from tests.postgres import start_tracking_server
from tests.scoring_model.processes import find_free_port
from tests.stores import kept_tracking
from train.__main__ import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not NGINX, reason="nginx is not installed"),
    # what urllib3 says of MLFLOW_TRACKING_INSECURE_TLS
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

USER, PASSWORD, TOKEN = "analyst", "lettuce-42", "token-of-a-pipeline"
HISTORY = ["history", "--format", "table"]
SITE = """
server {{
  listen 127.0.0.1:{basic};
  auth_basic "tracking";
  auth_basic_user_file {folder}/users;
  location / {{ proxy_pass {upstream}; }}
}}
server {{
  listen 127.0.0.1:{bearer};
  if ($http_authorization != "Bearer {token}") {{ return 401; }}
  location / {{ proxy_pass {upstream}; }}
}}
server {{
  listen 127.0.0.1:{tls} ssl;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  location / {{ proxy_pass {upstream}; }}
}}
server {{
  listen 127.0.0.1:{mutual} ssl;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_client_certificate {authority};
  ssl_verify_client on;
  location / {{ proxy_pass {upstream}; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Doors:
    """The certificates, and ports of one tracking server that ask for different proofs."""

    certificates: Certificates
    basic: int
    bearer: int
    tls: int
    mutual: int


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Start a tracking server behind nginx."""
    folder = tmp_path_factory.mktemp("doors")
    certificates = make_certificates(folder)
    opened = Doors(certificates, *(find_free_port() for _ in range(4)))
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    program = shutil.which("mlflow", path=str(Path(sys.executable).parent))
    assert program
    with start_tracking_server(f"sqlite:///{folder}/mlflow.db", folder, program) as upstream:
        site = SITE.format(
            folder=folder,
            upstream=upstream,
            token=TOKEN,
            certificate=certificates.server,
            key=certificates.server.with_suffix(".key"),
            authority=certificates.authority,
            **{name: getattr(opened, name) for name in ("basic", "bearer", "tls", "mutual")},
        )
        with run_nginx(site, folder, opened.mutual):
            yield opened


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore the tracking URI for other tests."""
    with kept_tracking():
        yield


def settings_of(doors: Doors) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the URI and the variables of each way in."""
    of_client = doors.certificates.client
    both = of_client.with_name("client-and-key.pem")
    both.write_text(of_client.read_text() + of_client.with_suffix(".key").read_text())
    authority = {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(doors.certificates.authority)}
    return {
        "user and password in the URI": (
            f"http://{USER}:{PASSWORD}@127.0.0.1:{doors.basic}",
            {},
        ),
        "user and password in variables": (
            f"http://127.0.0.1:{doors.basic}",
            {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD},
        ),
        "token": (f"http://127.0.0.1:{doors.bearer}", {"MLFLOW_TRACKING_TOKEN": TOKEN}),
        "authority": (f"https://localhost:{doors.tls}", authority),
        "insecure": (f"https://localhost:{doors.tls}", {"MLFLOW_TRACKING_INSECURE_TLS": "true"}),
        "certificate of the client": (
            f"https://localhost:{doors.mutual}",
            {**authority, "MLFLOW_TRACKING_CLIENT_CERT_PATH": str(both)},
        ),
    }


WAYS = (
    "user and password in the URI",
    "user and password in variables",
    "token",
    "authority",
    "insecure",
    "certificate of the client",
)


@pytest.mark.parametrize("way", WAYS)
def test_a_command_comes_in(
    doors: Doors, way: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uri, variables = settings_of(doors)[way]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    mlflow.set_tracking_uri(uri)
    assert main(HISTORY) == 0
    assert capsys.readouterr().out == "no version has been in production yet\n"


def test_a_run_prints_no_password(doors: Doors, capfd: pytest.CaptureFixture[str]) -> None:
    mlflow.set_tracking_uri(f"http://{USER}:{PASSWORD}@127.0.0.1:{doors.basic}")
    assert main(["promote", "--version", "1", "--stage", "Production"]) == 1
    printed = capfd.readouterr()
    assert "credit-scoring has no version yet" in printed.err
    assert PASSWORD not in printed.out + printed.err


@pytest.mark.parametrize(
    ("door", "line"),
    [
        ("http://analyst:wrong-pass@127.0.0.1:{basic}", "401"),
        ("http://127.0.0.1:{bearer}", "401"),
        (
            "https://analyst:wrong-pass@localhost:{tls}",
            "does not answer: .*certificate verify failed",
        ),
    ],
)
def test_a_wrong_proof_is_one_line(
    doors: Doors, door: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mlflow.set_tracking_uri(door.format(basic=doors.basic, bearer=doors.bearer, tls=doors.tls))
    assert main(HISTORY) == 1
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("error: the registry at http")
    assert re.search(line, error)
    assert "wrong-pass" not in error
