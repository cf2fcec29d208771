"""Certificates for TLS, made by openssl."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """An authority, and the certificates that it has signed for a server and for a client.

    Each is a file in PEM format; a key has the ending `.key` in place of `.pem`.
    """

    authority: Path
    server: Path
    client: Path

    def of_client(self, *, with_certificate: bool = False) -> ssl.SSLContext:
        """Return what a client needs: the authority, and its own certificate if it has one."""
        context = ssl.create_default_context(cafile=self.authority)
        if with_certificate:
            context.load_cert_chain(self.client, self.client.with_suffix(".key"))
        return context


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and two certificates."""
    authority = folder / "authority.pem"
    _run(folder, f"req -x509 -nodes -days 2 {_new('authority')} -out authority.pem")
    for name in ("server", "client"):
        names = folder / f"{name}.names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        _run(folder, f"req -nodes {_new(name)} -out {name}.csr")
        sign = "-CA authority.pem -CAkey authority.key -CAcreateserial -days 2"
        _run(folder, f"x509 -req -in {name}.csr {sign} -extfile {name}.names -out {name}.pem")
    return Certificates(authority, folder / "server.pem", folder / "client.pem")


def _new(name: str) -> str:
    return f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout {name}.key -subj /CN={name}"


def _run(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)
