"""`Record`: receives the progress of a training."""

from collections.abc import Mapping, Sequence

from train.search import Trial


class Record:
    """Keeps the notes of a training; `train.training_record` has a subclass that logs to MLflow.

    Attributes
    ----------
    notes : list of str
        Lines for the user, in order.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, line: str) -> None:
        """Keep a line for the user, and pass it to `say`."""
        self.notes.append(line)
        self.say(line)

    def say(self, line: str) -> None:
        """Show a line to the user without keeping it; this class shows nothing."""

    def begin_search(self, identity: Mapping[str, str]) -> Sequence[Trial]:
        """Receive the identity of the search; return the trials of an earlier run to continue."""
        return ()

    def log_trial(self, trial: Trial) -> None:
        """Receive a finished trial."""
