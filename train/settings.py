"""`Settings`: what the user may set of a training run."""

from dataclasses import dataclass

from train.costs import Costs
from train.errors import InputError
from train.folds import FoldMethod


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user may set of a training run.

    Attributes
    ----------
    costs : Costs
    max_evals : int
        Trials of the search, from 1.
    folds : {"stratified", "time"}
    seed : int
        The same seed on the same rows gives the same model.
    """

    costs: Costs
    max_evals: int = 25
    folds: FoldMethod = "stratified"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_evals < 1:
            raise InputError(f"max_evals must be 1 or more, got {self.max_evals}")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {self.seed}")
