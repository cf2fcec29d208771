"""The results that the stages of a training (`train.pipeline`) pass to each other."""

from dataclasses import dataclass, field

from scoring_model.types import FloatArray, LabelArray
from scoring_model.version import Scorer
from train.data import PortfolioData, SideCosts
from train.decision import ThresholdProof
from train.engines import Engine, LocalEngine
from train.evaluation import LeakCheck
from train.fitting import FinalFit, Member
from train.portfolio import LoanCosts, Portfolio
from train.record import Record
from train.search import Search
from train.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """What to train on, and how.

    Attributes
    ----------
    portfolio : Portfolio
        The loans.
    settings : Settings
        Parameters of the run.
    engine : Engine
        The opened engine that `settings` names.
    record : Record
        Receives the progress.
    """

    portfolio: Portfolio
    settings: Settings
    engine: Engine = field(default_factory=LocalEngine)
    record: Record = field(default_factory=Record)


@dataclass(frozen=True, slots=True, eq=False)
class Loans:
    """The loans of a job, read and audited.

    Attributes
    ----------
    job : Job
    data : PortfolioData
    leaks : tuple of LeakCheck
        Results of the leak audit.
    costs : SideCosts
        Costs of wrong decisions on training and test rows.
    """

    job: Job
    data: PortfolioData
    leaks: tuple[LeakCheck, ...]
    costs: SideCosts


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """The loans, and the parameters for the final fit.

    Attributes
    ----------
    loans : Loans
    search : Search
    members : tuple of Member
        Each booster of the final model, the best trial's first.
    """

    loans: Loans
    search: Search
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The final booster, and the margins of held-out rows.

    Attributes
    ----------
    loans : Loans
    search : Search
    final : FinalFit
        The margins come from boosters that were fitted without the held-out rows.
    """

    loans: Loans
    search: Search
    final: FinalFit


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Held-out training rows, on which calibration and threshold were chosen.

    Attributes
    ----------
    y : ndarray of int8, shape (held-out rows,)
        1 = default.
    probability : ndarray of float64, shape (held-out rows,)
        Calibrated probability of default, from the first shuffle of the folds.
    costs : LoanCosts
        Costs of wrong decisions on these rows.
    """

    y: LabelArray
    probability: FloatArray
    costs: LoanCosts


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """The final scorer, and the evidence for its threshold.

    Attributes
    ----------
    fitted : Fitted
    scorer : Scorer
        Contract, booster, calibration and threshold; no later stage changes it.
    oof : OutOfFold
    proof : ThresholdProof
        Cost of the threshold and of the theoretical one, with their intervals.
    """

    fitted: Fitted
    scorer: Scorer
    oof: OutOfFold
    proof: ThresholdProof
