"""Write the section on the features: importance, contributions, curves, constraints."""

from train.monotone import MonotoneProof
from train.report.finished_run import FinishedRun
from train.report.formatting import (
    INTERVAL,
    Section,
    Table,
    between,
    counted,
    listed,
    plain,
    precise,
    whole,
)


def features_section(run: FinishedRun) -> Section:
    """Say how much each feature changes the cost of the decisions, and in which direction."""
    importance = run.model.evidence.importance
    words = [
        "A feature is a fact about the applicant or the loan that the model uses. For each feature "
        "in turn, its values were exchanged at random between the test loans. The more the cost "
        "per applicant rises, the more the decisions depend on the feature. Features that hold the "
        "same information share this rise. For grey features the rise may be chance.",
        "The second picture shows the direction: whether high values raise or lower the "
        "probability of default. On its scale, the effects of all features add up. The third "
        "picture shows how far the probability itself moves. It changes one feature alone, also to "
        "values that go badly with the others.",
    ]
    rows = [
        (run.label(item.feature), plain(item.rise.value), between(item.rise)) for item in importance
    ]
    caption = f"All features: rise in cost per applicant ({run.unit})"
    tables = [Table(("feature", "rise in cost", INTERVAL), rows, caption, folded=True)]
    if (proof := run.model.monotone) is not None:
        words.append(_forced(run, proof))
        tables.insert(0, _price(run, proof))
    pictures = ("importance_in_money", "contributions", "curves")
    return Section("features", "Which features matter", tuple(words), pictures, tuple(tables))


def _forced(run: FinishedRun, proof: MonotoneProof) -> str:
    """Say which directions are forced, how this was checked, and whether it costs anything."""
    rising = [run.label(name) for name, sign in proof.signs.items() if sign > 0]
    falling = [run.label(name) for name, sign in proof.signs.items() if sign < 0]
    forced = [
        f"more of {listed(names)} never {verb} the probability"
        for names, verb in ((rising, "lowers"), (falling, "raises"))
        if names
    ]
    if proof.difference.low > 0:
        result = "The constraints clearly cost something."
    elif proof.difference.high < 0:
        result = "With the constraints, the decisions are clearly cheaper."
    else:
        result = "The cost of the constraints cannot be told from chance."
    return (
        f"The portfolio forces directions: {'; '.join(forced)}. This was checked on "
        f"{counted(proof.sweep.rows, 'test loan')} with every value at which the model makes a "
        f"difference ({whole(proof.sweep.splits)} values): the probability never moved the other "
        f"way. A missing value is outside of this order. {result}"
    )


def _price(run: FinishedRun, proof: MonotoneProof) -> Table:
    rows = [
        ("with the constraints", precise(proof.cost), ""),
        ("without them", precise(proof.cost_without), ""),
        ("difference", precise(proof.difference.value), between(proof.difference, precise)),
    ]
    caption = (
        "What the constraints cost: cost per applicant on past loans that the model had not seen "
        f"({run.unit})"
    )
    return Table(("", "cost per applicant", INTERVAL), rows, caption)
