"""`listen`: opens the socket of the server, on loopback only if callers need no key."""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path

from scoring_model.settings import ServerSettings
from scoring_model.start.options import Options, StartError

# connections that the kernel holds until a worker accepts them
_BACKLOG = 2048
# every user of this machine may connect: the key decides
_UNIX_MODE = 0o666


_ADVICE = (
    "set SCORING_KEYS_FILE or SCORING_API_KEYS (make key), or SCORING_ALLOW_ANONYMOUS=1 if every "
    "caller may be answered, or listen on 127.0.0.1"
)


@contextlib.contextmanager
def listen(options: Options, settings: ServerSettings) -> Iterator[socket.socket]:
    """Open the socket of the server for a block; the file of a Unix socket is removed at its end.

    Parameters
    ----------
    options : Options
    settings : ServerSettings

    Raises
    ------
    StartError
        The address cannot be used, or it is not loopback and callers need no key.
    """
    needs_keys = not (settings.key_digests or settings.keys_file or settings.allow_anonymous)
    try:
        if options.uds is None:
            opened = _open_port(options.host, options.port, needs_keys)
        else:
            opened = _open_unix(options.uds, needs_keys)
    except OSError as error:
        address = options.uds or f"{options.host}, port {options.port}"
        raise StartError(f"cannot listen on {address}: {error.strerror or error}") from error
    try:
        with opened:
            yield opened
    finally:
        if options.uds is not None:
            options.uds.unlink(missing_ok=True)


def _open_port(host: str, port: int, needs_keys: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = str(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4][0])
    if needs_keys and not ipaddress.ip_address(address).is_loopback:
        raise StartError(f"--host {host} needs keys: {_ADVICE}")
    return socket.create_server((address, port), family=family, backlog=_BACKLOG)


def _open_unix(path: Path, needs_keys: bool) -> socket.socket:
    if needs_keys:
        raise StartError(f"--uds {path} needs keys: {_ADVICE}")
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                # a server that was killed has left it behind
                path.unlink()
    opened = socket.socket(socket.AF_UNIX)
    try:
        opened.bind(str(path))
        path.chmod(_UNIX_MODE)
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened
