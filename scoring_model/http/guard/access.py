"""`Guard`: who is answered: holders of a key, or without keys whoever sits on this machine."""

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
# copied for each key: to make a new one, OpenSSL looks the algorithm up by its name
_NOTHING_HASHED = hashlib.sha256()
_PROXY_HEADERS = frozenset({b"forwarded", b"via", b"x-real-ip"})
_PROXY_PREFIX = b"x-forwarded-"


class Guard:
    """Decides whether a caller is answered.

    Parameters
    ----------
    settings : ServerSettings
        With keys, a caller needs one. Without, callers on loopback are answered, all others only
        when `allow_anonymous` says so.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._digests = settings.key_digests
        self._allow_anonymous = settings.allow_anonymous

    def describe(self) -> str:
        """Return one line for the log of the server's start."""
        if self._digests:
            return f"callers need one of {len(self._digests)} keys"
        if self._allow_anonymous:
            return "no keys are set: everybody is answered (SCORING_ALLOW_ANONYMOUS)"
        return "no keys are set (SCORING_API_KEYS): only callers on loopback are answered"

    def check(self, peer: str | None, headers: Mapping[bytes, bytes]) -> None:
        """Raise `Unauthorized` unless the caller may ask.

        Parameters
        ----------
        peer : str or None
            Address of the socket's other end.
        headers : mapping of bytes to bytes
            Names in lower case.
        """
        if self._digests:
            if not self._knows(headers.get(b"authorization")):
                raise Unauthorized("a key is needed: Authorization: Bearer <key>")
        elif not self._allow_anonymous and not (is_loopback(peer) and not is_proxied(headers)):
            raise Unauthorized("no keys are set, so only callers on loopback are answered")

    def _knows(self, header: bytes | None) -> bool:
        if header is None:
            return False
        hashing = _NOTHING_HASHED.copy()
        hashing.update(_read_key(header))
        digest = hashing.digest()
        # every digest is compared, each in constant time: the time taken tells nothing
        found = False
        for known in self._digests:
            found |= hmac.compare_digest(digest, known)
        return found


def _read_key(header: bytes) -> bytes:
    """Return the key of a Bearer header, or the password of a Basic one, which browsers send."""
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
    """Return whether an address is one of this machine's own."""
    if peer is None:
        return False
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_proxied(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a proxy has handed the request on: then its peer is not the caller."""
    return any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIX) for name in headers)


def make_key() -> tuple[str, str]:
    """Return a new key and its digest for `SCORING_API_KEYS`."""
    key = secrets.token_urlsafe(KEY_BYTES)
    return key, hashlib.sha256(key.encode()).hexdigest()


if __name__ == "__main__":
    new_key, new_digest = make_key()
    print(f"key     {new_key}\ndigest  {new_digest}")  # noqa: T201
