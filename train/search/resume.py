"""Resume a search: store its trials as text, and check that an earlier search can continue."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scoring_model.contract import FeatureContract
from train.errors import InputError
from train.fitting import BoostingParams
from train.search.runner import Trial
from train.settings import Settings

# What the user reads for each tag when a search cannot continue.
MEANINGS = {
    "portfolio_digest": "portfolio digest",
    "search_seed": "seed",
    "search_space": "search space",
    "search_costs": "costs",
    "search_folds": "folds",
    "search_parallelism": "parallelism",
    "search_engine": "engine",
}
# searches of earlier releases lack this tag
FEATURES = "search_features"


def identify(
    digest: str, settings: Settings, space: object, costs: str, contract: FeatureContract
) -> dict[str, str]:
    """Return the tags that identify a search.

    Two searches with equal tags suggest the same points and measure the same costs.

    Parameters
    ----------
    digest : str
        SHA-256 of the portfolio's table.
    settings : Settings
    space : object
        The search space as plain values.
    costs : str
        The costs that measure the decisions, as text.
    contract : FeatureContract
        The features.
    """
    features = "".join(f"{feature.name}:{feature.kind};" for feature in contract.features)
    return {
        "portfolio_digest": digest,
        "search_seed": str(settings.seed),
        "search_space": json.dumps(space),
        "search_costs": costs,
        "search_folds": settings.folds,
        "search_parallelism": str(settings.parallelism),
        "search_engine": settings.engine,
        FEATURES: f"{len(contract.features)}, {hashlib.sha256(features.encode()).hexdigest()[:8]}",
    }


def check_identity(run_id: str, earlier: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise `InputError`, with all that differs, unless this search can continue an earlier one."""
    if not set(MEANINGS) <= set(earlier):
        raise InputError(f"resume: run {run_id} has no search that can be continued")
    differences = list(_differences({FEATURES: now[FEATURES], **earlier}, now))
    if differences:
        raise InputError(
            f"resume: run {run_id} differs from this run in its {'; '.join(differences)}"
        )


def _differences(earlier: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for tag, meaning in {**MEANINGS, FEATURES: "features"}.items():
        if earlier[tag] == now[tag]:
            continue
        if tag == "search_space":
            yield f"{meaning} ({_space_difference(json.loads(earlier[tag]), json.loads(now[tag]))})"
        else:
            yield _both(meaning, earlier[tag], now[tag])


def _space_difference(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return what differs between two descriptions of `describe_space`."""
    parts = []
    for key in dict.fromkeys([*earlier, *now]):
        old, new = earlier.get(key), now.get(key)
        if old == new or key == "first":
            # the first points follow from the rest
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            parts += [_both(name, _shown(old.get(name)), _shown(new.get(name))) for name in names]
        else:
            parts.append(_both(key, _shown(old), _shown(new)))
    return ", ".join(parts) or "first points"


def _both(what: str, earlier: str, now: str) -> str:
    return f"{what}: {_short(earlier)} there, {_short(now)} here"


def _shown(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def to_text(trial: Trial) -> str:
    """Return a trial as JSON that `from_text` reads back to the last bit."""
    return json.dumps(
        {
            "number": trial.number,
            "point": dict(trial.point),
            "draws": trial.draws,
            "params": {
                "treatment": trial.params.treatment,
                "ratio": trial.params.ratio,
                "lightgbm": dict(trial.params.lightgbm),
                "trees": trial.params.trees,
            },
            "folds_run": trial.folds_run,
            "folds": trial.folds,
            "first_loss": trial.first_loss,
            "cost_per_applicant": trial.cost_per_applicant,
            "loss": trial.loss,
        }
    )


def from_text(text: str) -> Trial:
    """Read a trial that `to_text` wrote."""
    values = json.loads(text)
    return Trial(**{**values, "params": BoostingParams(**values["params"])})


def in_sequence(texts: Sequence[str]) -> list[Trial]:
    """Return the trials in order, up to the first number that is missing."""
    trials = sorted((from_text(text) for text in texts), key=lambda trial: trial.number)
    return [trial for place, trial in enumerate(trials) if trial.number == place]
