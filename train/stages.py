"""What the stages of a training hand on, each to the next; `train.pipeline` has the stages."""

from dataclasses import dataclass, field

from scoring_model.types import FloatArray, LabelArray
from scoring_model.version import Scorer
from train.data import PortfolioData, SideCosts
from train.decision import ThresholdProof
from train.engines import Engine, LocalEngine
from train.evaluation import LeakCheck
from train.fitting import BoostingParams, FinalFit
from train.portfolio import LoanCosts, Portfolio
from train.record import Record
from train.search import Search
from train.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """What to train on, how, by what, and whom to tell.

    Attributes
    ----------
    portfolio : Portfolio
    settings : Settings
    engine : Engine
        That of the settings, opened.
    record : Record
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
        What the audit of the features found.
    costs : SideCosts
        What wrong decisions on training and test rows cost.
    """

    job: Job
    data: PortfolioData
    leaks: tuple[LeakCheck, ...]
    costs: SideCosts


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """Loans and the parameters to fit with.

    Attributes
    ----------
    loans : Loans
    search : Search
    members : tuple of BoostingParams
        Parameters of the boosters that the final model may be the mean of, the best trial's first.
    """

    loans: Loans
    search: Search
    members: tuple[BoostingParams, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The final booster, and margins of rows that its like never saw.

    Attributes
    ----------
    loans : Loans
    search : Search
    final : FinalFit
    """

    loans: Loans
    search: Search
    final: FinalFit


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Training rows that were held out, on which calibration and threshold were chosen.

    Attributes
    ----------
    y : ndarray of int8, shape (held-out rows,)
        1 = default.
    probability : ndarray of float64, shape (held-out rows,)
        Calibrated, from the first shuffle of the folds.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    """

    y: LabelArray
    probability: FloatArray
    costs: LoanCosts


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """A scorer with its threshold, and the proof of the threshold.

    Attributes
    ----------
    fitted : Fitted
    scorer : Scorer
        Final: nothing after it changes it.
    oof : OutOfFold
    proof : ThresholdProof
    """

    fitted: Fitted
    scorer: Scorer
    oof: OutOfFold
    proof: ThresholdProof
