"""`choose_model`: the model whose decisions are meant."""

from collections import Counter
from collections.abc import Mapping

from scoring_model.decision_log import VersionName
from train.errors import InputError


def choose_model(names: Mapping[VersionName, int], asked: str) -> str | None:
    """Return the registered model whose decisions are meant; None for versions from a folder.

    Parameters
    ----------
    names : mapping of VersionName to int
        The versions of all decisions in the log, and how many each made; 0 if that is not known.
    asked : str
        Empty for the only model in the log.

    Raises
    ------
    InputError
        The log has no such model, or several and none was asked for.
    """
    counts: Counter[str | None] = Counter()
    for name, count in names.items():
        counts[name.model] += count
    models = sorted(counts, key=str)
    if not models:
        raise InputError("decisions: there is none")
    shown = ", ".join(map(_show, models, map(counts.get, models)))
    if asked and asked not in models:
        raise InputError(f"decisions: there is none of the model {asked}; the log has {shown}")
    if not asked and len(models) > 1:
        raise InputError(f"decisions: name one of the models of the log: {shown}")
    return asked or models[0]


def _show(model: str | None, count: int | None) -> str:
    return (model or "(a version from a folder)") + (f" ({count} decisions)" if count else "")
