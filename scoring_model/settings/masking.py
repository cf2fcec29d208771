"""`to_masked_line`: a text of MLflow or a driver in one line, without users and passwords."""

import os
import re
from urllib.parse import unquote, urlsplit

_MASK = "***"
# greedy: a password may itself hold an @
_IN_ADDRESS = re.compile(r"(?<=://)\S*@")
_IN_PARAMETERS = re.compile(
    r"(\b\w*(?:password|passwd|pwd|token|secret|user|username)=)[^\s&;,'\"]+", re.IGNORECASE
)
_IN_WORDS = re.compile(r"\b((?:user|username|role) )(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_OWN = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_ADDRESSES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


def to_masked_line(text: str) -> str:
    """Return a text as one line for the log of the operator, with credentials masked.

    Masked are user and password in an address, parameters such as `password=`, and what the
    environment holds as MLflow's password or token.

    Parameters
    ----------
    text : str
        An address, or the message of an error.
    """
    line = " ".join(text.split())
    for secret in _secrets():
        line = line.replace(secret, _MASK)
    line = _IN_ADDRESS.sub(f"{_MASK}@", line)
    line = _IN_PARAMETERS.sub(rf"\1{_MASK}", line)
    return _IN_WORDS.sub(rf'\1"{_MASK}"', line)


def _secrets() -> list[str]:
    """Return the credentials in the environment, the longest first."""
    found = {os.environ.get(name, "") for name in _OWN}
    for name in _ADDRESSES:
        try:
            password = urlsplit(os.environ.get(name, "")).password or ""
        except ValueError:
            continue
        found |= {password, unquote(password)}
    # a very short one would blot out half of the text, and stands in an address anyhow
    return sorted((secret for secret in found if len(secret) > 2), key=len, reverse=True)
