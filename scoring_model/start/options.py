"""`Options`: the options of the start command."""

import argparse
import ssl
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from scoring_model.settings import VARIABLES

_DESCRIPTION = "Start the scoring server. All other settings are environment variables."


class StartError(Exception):
    """The server cannot be started as asked: the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the start command.

    Attributes
    ----------
    host : str
        Name or address of this machine to listen on.
    port : int
    uds : Path or None
        Unix socket to listen on in place of host and port.
    workers : int
        Number of processes that answer.
    root_path : str
        Prefix of the paths that a proxy removes.
    ssl_certfile, ssl_keyfile : Path or None
        Certificate (with its chain) and key of the server, in PEM format. Without a certificate the
        server speaks plain HTTP. Without a key file, the certificate's file holds the key.
    ssl_ca_certs : Path or None
        Certificates of authorities: callers then need a certificate that one of them has signed.
    """

    host: str
    port: int
    uds: Path | None
    workers: int
    root_path: str
    ssl_certfile: Path | None
    ssl_keyfile: Path | None
    ssl_ca_certs: Path | None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StartError(message)


def parse_options(arguments: Sequence[str]) -> Options:
    """Read and check the arguments of the command line.

    Parameters
    ----------
    arguments : sequence of str

    Raises
    ------
    StartError
        An argument is unknown or wrong.
    """
    parser = _Parser(
        prog="python -m scoring_model",
        description=_DESCRIPTION,
        epilog=_list_variables(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=int, default=8000, help="port to listen on (8000)")
    add("--uds", type=Path, help="Unix socket to listen on, in place of host and port")
    add("--workers", type=int, default=1, help="processes that answer (1)")
    add("--root-path", default="", help="prefix of the paths that a proxy removes")
    add("--ssl-certfile", type=Path, help="certificate of the server: turns TLS on")
    add("--ssl-keyfile", type=Path, help="key of the certificate, if it has a file of its own")
    add("--ssl-ca-certs", type=Path, help="authorities: callers need a certificate of one of them")
    options = Options(**vars(parser.parse_args(arguments)))
    if not 0 < options.port < 65536:
        raise StartError(f"--port must lie between 1 and 65535, got {options.port}")
    if options.workers < 1:
        raise StartError(f"--workers must be at least 1, got {options.workers}")
    _check_certificates(options)
    return options


def _check_certificates(options: Options) -> None:
    """Raise `StartError` if the files for TLS cannot be used."""
    if options.ssl_certfile is None:
        if options.ssl_keyfile or options.ssl_ca_certs:
            raise StartError("--ssl-keyfile and --ssl-ca-certs need --ssl-certfile")
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(options.ssl_certfile, options.ssl_keyfile)
    except OSError as error:  # `ssl.SSLError` is one
        raise StartError(
            f"--ssl-certfile and --ssl-keyfile must be a certificate and its key in PEM: {error}"
        ) from error
    if options.ssl_ca_certs is not None:
        try:
            context.load_verify_locations(options.ssl_ca_certs)
        except OSError as error:
            raise StartError(f"--ssl-ca-certs must be certificates in PEM: {error}") from error


def _list_variables() -> str:
    """Return every variable with its default and its meaning, as text for a terminal."""
    parts = ["environment variables:"]
    for name, variable in VARIABLES.items():
        parts.append(f"  {name} ({variable.default or 'empty'})")
        text = f"{variable.meaning} {variable.beyond and f'Beyond it: {variable.beyond}'}"
        parts.append(textwrap.indent(textwrap.fill(text.replace("`", ""), 76), "      "))
    return "\n".join(parts)
