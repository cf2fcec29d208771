"""`Webhook`: sends a signed message to another system, as Standard Webhooks defines it."""

import base64
import hashlib
import hmac
import ipaddress
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from train.errors import InputError
from train.tables import fill_variables

KEY_VARIABLE = "MONITOR_NOTIFY_KEY"
LEAST_KEY_LENGTH = 32
TRIES = 5
TIMEOUT_SECONDS = 10
# a server may ask to wait; it must not hold the command for hours
LONGEST_WAIT_SECONDS = 30
_TRY_AGAIN = (429, 500, 502, 503, 504)


class NotDelivered(Exception):
    """The other system did not take the message. The text never holds the URL."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where messages go, and the key that signs them.

    Attributes
    ----------
    url : str
        It may hold a token, so no message and no log shows it.
    key : bytes
    """

    url: str = field(repr=False)
    key: bytes = field(repr=False)

    def send(self, identifier: str, body: bytes) -> None:
        """Send a message; try again if the other system is busy or cannot be reached.

        Parameters
        ----------
        identifier : str
            The same for all tries, so that the receiver takes the message once.
        body : bytes
            JSON.

        Raises
        ------
        NotDelivered
            No try was answered with a status from 200 to 299.
        """
        seconds = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": str(seconds),
            "webhook-signature": f"v1,{sign(self.key, identifier, seconds, body)}",
        }
        with requests.Session() as session, _silent():
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(max_retries=_retry()))
            try:
                answer = session.post(
                    self.url,
                    data=body,
                    headers=headers,
                    timeout=TIMEOUT_SECONDS,
                    # another host must not get the message
                    allow_redirects=False,
                )
            except (requests.RequestException, HTTPError) as error:
                raise NotDelivered(_explain(error)) from None
        if not 200 <= answer.status_code < 300:
            raise NotDelivered(f"the receiver answered with status {answer.status_code}")


def sign(key: bytes, identifier: str, seconds: int, body: bytes) -> str:
    """Return the signature of a message: HMAC-SHA-256 of `id.timestamp.body` in base64."""
    signed = f"{identifier}.{seconds}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def open_webhook(address: str) -> Webhook | None:
    """Return the webhook at an address, or None if the address is empty.

    Parameters
    ----------
    address : str
        A URL; `${NAME}` is replaced by the environment variable.

    Raises
    ------
    InputError
        The address is no `https://` URL, or its host or port is not valid, or
        `MONITOR_NOTIFY_KEY` is missing or too short.
    """
    if not address:
        return None
    try:
        url = fill_variables(address)
    except InputError as error:
        # the message of `fill_variables` begins with the address, which may hold a token
        raise InputError(f"notify: {str(error).rpartition(': ')[2]}") from None
    if not _is_safe(url):
        raise InputError("notify: must begin with https://; http:// is for this machine alone")
    try:
        requests.Request("POST", url).prepare()
        # no network knows a name such as `a..b`
        (urlsplit(url).hostname or "").encode("idna")
    except (requests.RequestException, UnicodeError):
        # the text of the error holds the URL
        raise InputError("notify: the host or the port of the URL is not valid") from None
    key = os.environ.get(KEY_VARIABLE, "")
    if len(key) < LEAST_KEY_LENGTH:
        raise InputError(
            f"notify: set the variable {KEY_VARIABLE} to a secret of at least "
            f"{LEAST_KEY_LENGTH} characters, which signs the messages"
        )
    return Webhook(url, key.encode())


def _is_safe(url: str) -> bool:
    """Return whether nobody between the two systems can read what is sent."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return bool(host)
        return parts.scheme == "http" and (
            host == "localhost" or ipaddress.ip_address(host).is_loopback
        )
    except ValueError:
        return False


def _retry() -> Retry:
    return Retry(
        total=TRIES - 1,
        backoff_factor=0.5,
        status_forcelist=_TRY_AGAIN,
        allowed_methods=("POST",),
        retry_after_max=LONGEST_WAIT_SECONDS,
    )


def _explain(error: Exception) -> str:
    """Say what went wrong without the text of the error, which holds the URL."""
    if isinstance(error, requests.exceptions.RetryError):
        return f"the receiver answered with an error {TRIES} times"
    if isinstance(error, requests.exceptions.SSLError):
        return "the certificate of the receiver is not valid"
    if isinstance(error, requests.Timeout):
        return f"the receiver did not answer in {TIMEOUT_SECONDS} seconds"
    return f"the receiver could not be reached, or did not answer, in {TRIES} tries"


@contextmanager
def _silent() -> Iterator[None]:
    """Keep urllib3 from logging each new try with the path of the URL."""
    logger = logging.getLogger("urllib3")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
