"""`Settings`: the parameters of a training run that the user can set."""

from dataclasses import dataclass
from typing import Literal

from train.errors import InputError
from train.portfolio import Costs

EngineName = Literal["local", "spark", "dask"]
FoldMethod = Literal["stratified", "time"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of a training run that the user can set.

    Attributes
    ----------
    costs : Costs
        Cost of accepting a defaulter, and of refusing a good client.
    max_evals : int
        Number of trials of the search, 1 or more.
    folds : {"stratified", "time"}
        How folds are made: shuffled by class, or by decision date, fitted on earlier rows.
    seed : int
        The same seed on the same rows gives the same model.
    parallelism : int
        Trials that run at the same time, 1 or more. The model depends on this number.
    timeout_minutes : float, optional
        The search starts no trial after this many minutes; positive.
    engine : {"local", "spark", "dask"}
        Where to compute: see `train.engines.engine`.
    """

    costs: Costs
    max_evals: int = 25
    folds: FoldMethod = "stratified"
    seed: int = 0
    parallelism: int = 1
    timeout_minutes: float | None = None
    engine: EngineName = "local"

    def __post_init__(self) -> None:
        if self.max_evals < 1:
            raise InputError(f"max_evals must be 1 or more, got {self.max_evals}")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {self.seed}")
        if self.parallelism < 1:
            raise InputError(f"parallelism must be 1 or more, got {self.parallelism}")
        if self.timeout_minutes is not None and not self.timeout_minutes > 0:
            raise InputError(f"timeout_minutes must be positive, got {self.timeout_minutes}")
