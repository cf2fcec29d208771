"""`Guard`: checks keys; if no keys are set, only callers on this machine are answered."""

import asyncio
import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache

from scoring_model.errors import Unauthorized
from scoring_model.http.guard.keys import Key, KeyRing, KeyScope
from scoring_model.http.guard.keys_file import KeysFile
from scoring_model.http.guard.rate_limit import KeyLimits, WrongKeys
from scoring_model.http.guard.web_pages import WebPages
from scoring_model.http.messages import Request
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import Metrics, write_event

_PROXY_HEADERS = frozenset({b"forwarded", b"via", b"x-real-ip"})
_PROXY_PREFIX = b"x-forwarded-"
_FILE_SECONDS = 1.0
_LOOPBACK_HOST = re.compile(
    rb"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?", re.IGNORECASE
)


class Guard:
    """Decides whether a caller is answered. Use it in the event loop's thread only.

    Parameters
    ----------
    settings : ServerSettings
        If keys are set, a caller needs one of them. If not, callers on loopback are answered;
        all other callers are answered only if `allow_anonymous` is true. The workers share the
        folder of the metrics to hold limits together.
    metrics : Metrics, optional
        Counts wrong keys.

    Attributes
    ----------
    pages : WebPages
        The web pages that may call the server.

    Raises
    ------
    ValueError
        The file of keys breaks a rule; the message has the line and the rule.
    """

    def __init__(self, settings: ServerSettings, metrics: Metrics | None = None) -> None:
        self._allow_anonymous = settings.allow_anonymous
        self._metrics = metrics
        self.pages = WebPages(settings.cors_origins)
        self._unnamed = [
            Key(f"key-{number}", digest) for number, digest in enumerate(settings.key_digests, 1)
        ]
        self._file = KeysFile(settings.keys_file) if settings.keys_file else None
        self._folder = settings.metrics_directory
        self._use(self._file.read() if self._file else ())
        most = settings.wrong_keys_per_minute if self._ring.keys else 0
        self._wrong_keys = WrongKeys(most, self._folder)

    def _use(self, named: tuple[Key, ...]) -> None:
        """Use the keys of the file from now on, and those of SCORING_API_KEYS."""
        self._ring = KeyRing([*self._unnamed, *named])
        self._limits = KeyLimits(named, self._folder)

    def describe(self) -> str:
        """Return one line for the log at the start of the server: who may call."""
        if self._ring.keys:
            count = len(self._ring.keys)
            return f"callers need one of {count} keys (SCORING_API_KEYS, SCORING_KEYS_FILE)"
        if self._allow_anonymous:
            return "no keys are set: every caller is answered (SCORING_ALLOW_ANONYMOUS)"
        return "no keys are set (SCORING_API_KEYS): only direct callers on loopback are answered"

    def check(self, peer: str | None, headers: Mapping[bytes, bytes]) -> Key | None:
        """Return the caller's key; None if no keys are set and the caller needs none.

        Parameters
        ----------
        peer : str or None
            Address of the other end of the connection.
        headers : mapping of bytes to bytes
            Names in lower case.

        Raises
        ------
        Unauthorized
            The caller may not use the server.
        """
        key = None
        if self._ring.keys:
            key = self._ring.find(headers.get(b"authorization"))
            if key is None:
                raise Unauthorized("a key is needed: send the header Authorization: Bearer <key>")
        elif not self._allow_anonymous and not (
            is_loopback(peer)
            and names_loopback(headers.get(b"host", b""))
            and not is_proxied(headers)
        ):
            raise Unauthorized(
                "no keys are set (SCORING_API_KEYS): only direct callers on loopback are answered"
            )
        return key

    def admit(
        self, peer: str | None, headers: Mapping[bytes, bytes], scope: KeyScope | None
    ) -> str | None:
        """Check and count a request, with one applicant if it is to predict.

        Parameters
        ----------
        peer : str or None
            Address of the other end of the connection.
        headers : mapping of bytes to bytes
            Names in lower case.
        scope : {"predict", "read"} or None
            The scope of the path; None for a path that does not exist.

        Returns
        -------
        str or None
            The name of the caller's key; None if the caller needs none.

        Raises
        ------
        Unauthorized
            The caller may not use the server, or the key has expired.
        Forbidden
            The key lacks the scope.
        TooManyRequests
            The key has used up one of its limits.
        """
        key = self.check(peer, headers)
        return None if key is None else self._permit(key, scope)

    def _permit(self, key: Key, scope: KeyScope | None) -> str:
        key.permit(scope)
        self._limits.take(key.name, scope == "predict")
        return key.name

    def authorize(self, request: Request, scope: KeyScope | None) -> None:
        """Do as `admit`, note the name of the key in the request, and count a wrong key."""
        try:
            key = self.check(request.peer, request.headers)
        except Unauthorized:
            if self._ring.keys and b"authorization" in request.headers:
                if self._metrics is not None:
                    self._metrics.requests.count_wrong_key()
                self._wrong_keys.take(request.peer)
            raise
        if key is not None:
            request.key = key.name
            self._permit(key, scope)

    def add_rows(self, key: str | None, rows: int) -> None:
        """Count the applicants of an answer beyond the first, which `admit` has counted."""
        if key is not None and rows > 1:
            self._limits.add_rows(key, rows - 1)

    def give_back(self, key: str | None) -> None:
        """Undo `admit` for a request with one applicant, which will be admitted once more."""
        if key is not None:
            self._limits.give_back(key)

    async def watch(self) -> None:
        """Read the file of keys again when it changes, as long as the server runs."""
        while self._file is not None:
            await asyncio.sleep(_FILE_SECONDS)
            if self._file.has_changed():
                self._read_again(self._file)

    def _read_again(self, file: KeysFile) -> None:
        try:
            self._use(file.read())
        except ValueError as error:
            write_event("keys", f"{error}; the keys that were read before stay in use")
        else:
            write_event("keys", f"SCORING_KEYS_FILE was read again: {self.describe()}")


@lru_cache(maxsize=1024)
def is_loopback(peer: str | None) -> bool:
    """Return whether an address is a loopback address of this machine."""
    if peer is None:
        return False
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


@lru_cache(maxsize=1024)
def names_loopback(host: bytes) -> bool:
    """Return whether a Host header names a loopback address of this machine, with any port.

    A web page of another site can make its own name point to 127.0.0.1 (DNS rebinding). A browser
    then connects from loopback, but it sends that site's name in Host.
    """
    return _LOOPBACK_HOST.fullmatch(host) is not None


def is_proxied(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a proxy forwarded the request, so that its peer is not the caller."""
    return any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIX) for name in headers)
