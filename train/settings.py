"""`Settings`: what the user may set of a training run."""

from dataclasses import dataclass
from typing import Literal

from train.errors import InputError
from train.portfolio import Costs

EngineName = Literal["local", "spark", "dask"]
FoldMethod = Literal["stratified", "time"]


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
    parallelism : int
        Trials side by side, from 1; one seed and one `parallelism` give one model.
    timeout_minutes : float, optional
        The search begins no trial later; positive.
    engine : {"local", "spark", "dask"}
        What computes: see `train.engines.engine`.
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
