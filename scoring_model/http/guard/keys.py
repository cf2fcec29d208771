"""`Key`, `KeyRing`: the keys that the server knows, and what each may do."""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from scoring_model.errors import Forbidden, Unauthorized

KeyScope = Literal["predict", "read"]
SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
_KEY_BYTES = 32
# copied for each check: a new hash is slower, because OpenSSL looks up the algorithm by its name
_NOTHING_HASHED = hashlib.sha256()


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a caller; the server knows only its digest.

    Attributes
    ----------
    name : str
        How the log names it.
    digest : bytes
        SHA-256 of the key, 32 bytes.
    scopes : frozenset of {"predict", "read"}
        The groups of paths that it may use.
    ends_at : float or None
        Unix time in seconds from which it is refused; None if it never expires.
    requests_per_second, rows_per_second : int or None
        Its rate limits; None means no limit.
    """

    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[KeyScope] = frozenset(SCOPES)
    ends_at: float | None = None
    requests_per_second: int | None = None
    rows_per_second: int | None = None

    def permit(self, scope: KeyScope | None) -> None:
        """Check that the key may be used for a path.

        Parameters
        ----------
        scope : {"predict", "read"} or None
            The scope of the path; None for a path that does not exist.

        Raises
        ------
        Unauthorized
            The key has expired.
        Forbidden
            The key lacks this scope.
        """
        if self.ends_at is not None and time.time() >= self.ends_at:
            raise Unauthorized("the key has expired: ask for a new one")
        if scope is not None and scope not in self.scopes:
            raise Forbidden(f"the key lacks the scope {scope}, which this path needs")


class KeyRing:
    """All keys that the server knows.

    Parameters
    ----------
    keys : iterable of Key
        If two have the same digest, the later one counts.
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = tuple(keys)
        self._digests = tuple((key.digest, key) for key in self.keys)

    def find(self, header: bytes | None) -> Key | None:
        """Return the key in an Authorization header; None if the server does not know it."""
        if header is None:
            return None
        hashing = _NOTHING_HASHED.copy()
        hashing.update(_read_key(header))
        digest = hashing.digest()
        # all digests are compared, each in constant time: the time of an answer reveals nothing
        found = None
        for known, key in self._digests:
            if hmac.compare_digest(digest, known):
                found = key
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


def make_key() -> tuple[str, str]:
    """Return a new key and its digest in hexadecimal digits."""
    key = secrets.token_urlsafe(_KEY_BYTES)
    return key, hashlib.sha256(key.encode()).hexdigest()
