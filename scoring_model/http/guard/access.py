"""`Guard`: checks keys; if no keys are set, only callers on this machine are answered."""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from functools import lru_cache

from scoring_model.errors import Unauthorized
from scoring_model.settings import ServerSettings

KEY_BYTES = 32
# copied for each check: a new hash is slower, because OpenSSL looks up the algorithm by its name
_NOTHING_HASHED = hashlib.sha256()
_PROXY_HEADERS = frozenset({b"forwarded", b"via", b"x-real-ip"})
_PROXY_PREFIX = b"x-forwarded-"


class Guard:
    """Decides whether a caller is answered.

    Parameters
    ----------
    settings : ServerSettings
        If keys are set, a caller needs one of them. If not, callers on loopback are answered;
        all other callers are answered only if `allow_anonymous` is true.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._digests = settings.key_digests
        self._allow_anonymous = settings.allow_anonymous

    def describe(self) -> str:
        """Return one line for the log at the start of the server: who may call."""
        if self._digests:
            return f"callers need one of {len(self._digests)} keys (SCORING_API_KEYS)"
        if self._allow_anonymous:
            return "no keys are set: every caller is answered (SCORING_ALLOW_ANONYMOUS)"
        return "no keys are set (SCORING_API_KEYS): only direct callers on loopback are answered"

    def check(self, peer: str | None, headers: Mapping[bytes, bytes]) -> None:
        """Raise `Unauthorized` if the caller may not use the server.

        Parameters
        ----------
        peer : str or None
            Address of the other end of the connection.
        headers : mapping of bytes to bytes
            Names in lower case.
        """
        if self._digests:
            if not self._knows(headers.get(b"authorization")):
                raise Unauthorized("a key is needed: send the header Authorization: Bearer <key>")
        elif not self._allow_anonymous and not (is_loopback(peer) and not is_proxied(headers)):
            raise Unauthorized(
                "no keys are set (SCORING_API_KEYS): only direct callers on loopback are answered"
            )

    def _knows(self, header: bytes | None) -> bool:
        if header is None:
            return False
        hashing = _NOTHING_HASHED.copy()
        hashing.update(_read_key(header))
        digest = hashing.digest()
        # all digests are compared, each in constant time: the time of an answer reveals nothing
        found = False
        for known in self._digests:
            found |= hmac.compare_digest(digest, known)
        return found


def _read_key(header: bytes) -> bytes:
    """Return the key: the token of a Bearer header, or the password of a Basic header."""
    scheme, _, credentials = header.partition(b" ")
    scheme = scheme.lower()
    if scheme == b"basic":
        try:
            return base64.b64decode(credentials, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return credentials.strip() if scheme == b"bearer" else b""


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


def is_proxied(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a proxy forwarded the request, so that its peer is not the caller."""
    return any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIX) for name in headers)


def make_key() -> tuple[str, str]:
    """Return a new key and its digest for `SCORING_API_KEYS`."""
    key = secrets.token_urlsafe(KEY_BYTES)
    return key, hashlib.sha256(key.encode()).hexdigest()
