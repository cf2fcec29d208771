"""`ReplayReport`: what a replay says on the screen and keeps in its run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import mlflow
import orjson

from monitoring.decisions import VersionFinder
from monitoring.errors import DecisionsDiffer
from monitoring.replay.comparison import Difference
from monitoring.replay.tally import Tally
from scoring_model.decision_log import VersionName
from train.errors import InputError

_SHOWN = 20
DIFFERENCES_FILE = "differences.jsonl"


class ReplayReport:
    """Shows the first differences, and writes all of them to a file.

    Parameters
    ----------
    file : binary file
        Gets a JSON object per difference.
    say : callable
        Called with each line for the user.
    """

    def __init__(self, file: IO[bytes], say: Callable[[str], None]) -> None:
        self._file = file
        self._say = say
        self._count = 0

    def note(self, difference: Difference) -> None:
        """Take one difference."""
        self._count += 1
        self._file.write(orjson.dumps(difference.to_fields()) + b"\n")
        if self._count <= _SHOWN:
            self._say(f"differs: {difference}")

    def finish(self, tally: Tally, finder: VersionFinder, seconds: float) -> None:
        """Say and log what was found, in the active run.

        Parameters
        ----------
        tally : Tally
        finder : VersionFinder
        seconds : float
            How long the replay took.
        """
        self._file.flush()
        if self._count:
            mlflow.log_artifact(self._file.name)
        rate = tally.replayed / seconds
        mlflow.log_metrics(
            {
                "replayed_decisions": tally.replayed,
                "equal_decisions": tally.equal,
                "different_decisions": tally.different,
                "erased_decisions": tally.erased,
                "damaged_decisions": tally.damaged,
                "decisions_without_version": tally.missing.total(),
                "versions_not_found": len(tally.missing),
                "decisions_per_second": rate,
            }
        )
        self._say(
            f"{_count(tally.replayed)} replayed, {tally.equal:,} of them equal to the last bit, "
            f"{rate:,.0f} decisions/s"
        )
        for line in _explain_rest(tally, finder):
            self._say(line)


@contextmanager
def open_report(say: Callable[[str], None]) -> Iterator[ReplayReport]:
    """Yield a report that writes to a temporary file."""
    with TemporaryDirectory() as folder, (Path(folder) / DIFFERENCES_FILE).open("wb") as file:
        yield ReplayReport(file, say)


def _explain_rest(tally: Tally, finder: VersionFinder) -> Iterator[str]:
    """Yield a line about each kind of decision that was not replayed."""
    if tally.erased:
        yield f"{_count(tally.erased)} erased: without the applicant, nothing can be replayed"
    if tally.damaged:
        yield f"{_count(tally.damaged)} damaged: `python -m monitoring verify` says where"
    for version, number in sorted(tally.missing.items(), key=str):
        problem = finder.problems.get(version.manifest, "")
        yield f"{_count(number)} not replayed: {_name(version)}: {problem}"
    if finder.unused:
        yield finder.unused


def _count(number: int) -> str:
    return f"{number:,} {'decision' if number == 1 else 'decisions'}"


def _name(version: VersionName) -> str:
    of_model = f" of {version.model}" if version.model else ""
    return f"version {version.version}{of_model} (SHA-256 of its manifest: {version.manifest})"


def require_equal(tally: Tally, selected: str) -> None:
    """Raise an error unless every decision that is not erased was made again.

    Parameters
    ----------
    tally : Tally
    selected : str
        Which decisions were selected, for the message.

    Raises
    ------
    DecisionsDiffer
        An answer differs, a version was not found, or a decision is damaged.
    InputError
        There was no decision.
    """
    if not tally.total:
        raise InputError(f"decisions: there is none{selected}")
    wrong = {
        "different": tally.different,
        "without their version": tally.missing.total(),
        "damaged": tally.damaged,
    }
    if any(wrong.values()):
        found = ", ".join(f"{number} {what}" for what, number in wrong.items() if number)
        listed = f"; {DIFFERENCES_FILE} of the run lists what differs" if tally.different else ""
        raise DecisionsDiffer(f"of {_count(tally.total)}: {found}{listed}")
