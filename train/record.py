"""`Record`: what a training tells of itself as it goes."""

from collections.abc import Mapping, Sequence

from train.search import Trial


class Record:
    """Keeps the notes of a training and nothing else; `train.training_record` logs to MLflow.

    Attributes
    ----------
    notes : list of str
        What the user should hear, a line each, in order.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, line: str) -> None:
        """Keep a line that the user should hear, and say it."""
        self.notes.append(line)
        self.say(line)

    def say(self, line: str) -> None:
        """Say a line that is not kept."""

    def begin_search(self, identity: Mapping[str, str]) -> Sequence[Trial]:
        """Take what identifies the search; return the trials of an earlier run of it."""
        return ()

    def log_trial(self, trial: Trial) -> None:
        """Take a finished trial."""
