"""The two lines of a decision: the record, which is proven, and the personal part, which can go."""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from scoring_model.contract import Notice
from scoring_model.decision_log.merkle import hash_leaf

SALT_BYTES = 16
ID_PLACE = slice(len('{"id":"'), len('{"id":"') + 36)
"""Where the id stands in a line."""


class VersionName(NamedTuple):
    """The version that decides.

    Attributes
    ----------
    model : str or None
        Name of the registered model; None for a version from a folder.
    version : str
        Number of the version in the registry, or its model id.
    manifest : str
        SHA-256 of the version's `manifest.json`, as hex digits.
    """

    model: str | None
    version: str
    manifest: str


class Origin(NamedTuple):
    """Where decisions come from.

    Attributes
    ----------
    version : VersionName
    route : str
        Path of the request, or `batch`.
    key : str or None
        Name of the caller's key; None without keys.
    """

    version: VersionName
    route: str
    key: str | None


class NewDecision(NamedTuple):
    """One decision to log.

    Attributes
    ----------
    probability : float
    threshold : float
    score : int
        1 = accepted, 0 = refused.
    values : bytes
        The personal part, from `PersonalValues`.
    decided_on : str or None
        Day of the decision, such as `2026-11-25`, if the version counts days from it.
    """

    probability: float
    threshold: float
    score: int
    values: bytes
    decided_on: str | None


class PersonalValues:
    """Writes what a decision rests on, which can be erased.

    Parameters
    ----------
    key : bytes or None
        If there is one, the log keeps only a digest of each reference [1]_.

    References
    ----------
    .. [1] RFC 2104, HMAC, with SHA-256.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    def write(
        self,
        applicant: bytes,
        reference: str | int | None = None,
        notices: Sequence[Notice] = (),
        explained: dict[str, Any] | None = None,
    ) -> bytes:
        """Return the personal part of a decision as a JSON object.

        Parameters
        ----------
        applicant : bytes
            The valid applicant as a JSON object.
        reference : str or int, optional
            The caller's own name for the application.
        notices : sequence of Notice, optional
            Become `warnings`.
        explained : dict, optional
            The reasons that were answered, with the names of the answer.
        """
        values: dict[str, Any] = {"applicant": orjson.Fragment(applicant)}
        if reference is not None:
            name = "reference" if self._key is None else "reference_digest"
            values[name] = self.identify(reference)
        if notices:
            values["warnings"] = [{"field": n.field, "problem": n.problem} for n in notices]
        if explained:
            values.update(explained)
        return orjson.dumps(values)

    def identify(self, reference: str | int) -> str:
        """Return what the log keeps of a reference: its text, or the digest of the text."""
        text = str(reference)
        if self._key is None:
            return text
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def write_applicant(applicant: Mapping[str, Any]) -> bytes:
    """Return a valid applicant as a JSON object."""
    try:
        return orjson.dumps(applicant)
    except TypeError:
        # a valid whole number beyond 64 bits is a double
        return orjson.dumps({k: float(v) if type(v) is int else v for k, v in applicant.items()})


def write_lines(
    origin: Origin, decided: NewDecision, identifier: str, number: int, time: str, salt: bytes
) -> tuple[bytes, bytes, bytes]:
    """Return the record of a decision, its personal part, and the record's hash.

    Parameters
    ----------
    origin : Origin
    decided : NewDecision
    identifier : str
    number : int
        Position among all records of the writer, from 0.
    time : str
        In UTC, such as `2026-11-25T10:30:00.123456Z`.
    salt : bytes
        `SALT_BYTES` random bytes.

    Returns
    -------
    tuple of bytes
        The record is a leaf of the tree: `{"id": ..., "number": ..., ..., "commitment": ...}`. The
        personal part is `{"id": ..., "leaf": ..., "salt": ..., "values": ...}`. `leaf` is the
        record's hash, and the commitment is the SHA-256 of the salt (as bytes) followed by the text
        of the values. Both are without line ends. The hash has 32 bytes.
    """
    version = origin.version
    record = orjson.dumps(
        {
            "id": identifier,
            "number": number,
            "time": time,
            "decided_on": decided.decided_on,
            "route": origin.route,
            "key": origin.key,
            "model": version.model,
            "version": version.version,
            "manifest": version.manifest,
            "probability": decided.probability,
            "threshold": decided.threshold,
            "score": decided.score,
            "commitment": commit_to(salt, decided.values),
        }
    )
    leaf = hash_leaf(record)
    personal = orjson.dumps(
        {
            "id": identifier,
            "leaf": leaf.hex(),
            "salt": salt.hex(),
            "values": decided.values.decode(),
        }
    )
    return record, personal, leaf


def write_erased(identifier: str, leaf: str, day: str, length: int) -> bytes:
    """Return the line that replaces a personal part, as long as the part was.

    Parameters
    ----------
    identifier : str
    leaf : str
        Hash of the record, 64 hex digits.
    day : str
        Day of the erasure, such as `2026-11-25`.
    length : int
        Bytes of the line, without its end.
    """
    return orjson.dumps({"id": identifier, "leaf": leaf, "erased": day}).ljust(length)


def commit_to(salt: bytes, values: bytes) -> str:
    """Return the commitment to personal values: it tells nothing about them without the salt."""
    return sha256(salt + values).hexdigest()
