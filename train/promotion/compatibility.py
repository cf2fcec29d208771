"""Breaking changes of the contract: requests that a new version would refuse."""

from scoring_model.contract import Feature, FeatureContract
from scoring_model.version import Scorer
from train.errors import InputError


def allow_changes(version: int, old: Scorer, new: Scorer, allowed: bool) -> tuple[str, ...]:
    """Return the breaking changes of the contract from the champion to a version.

    Parameters
    ----------
    version : int
        Number of the version that takes the champion's place.
    old, new : Scorer
        The champion and this version.
    allowed : bool
        Whether there may be such changes.

    Raises
    ------
    InputError
        There are changes that are not allowed.
    """
    changes = breaking_changes(old.contract, new.contract)
    if changes and not allowed:
        raise InputError(
            f"version {version} breaks callers of the champion: "
            f"{'; '.join(changes)}; to allow it, add -P allow_contract_change=true"
        )
    return changes


def breaking_changes(old: FeatureContract, new: FeatureContract) -> tuple[str, ...]:
    """Return a line for each field because of which callers of `old` cannot use `new`.

    `/predict` is strict. A field breaks callers if it is removed, changes its kind, becomes
    required, or has narrower limits. A new optional field breaks nothing. New or removed levels
    break nothing either, because an unknown level is scored as missing. A field that `[answer]` no
    longer adds to the answer breaks callers too.
    """
    before = {field.name: field for field in old.fields}
    after = {field.name: field for field in new.fields}
    taken = {*after, *new.unscored}
    lines = [f"{name} is removed" for name in (*before, *old.unscored) if name not in taken]
    for name, field in after.items():
        line = _break_of(before.get(name), field)
        if line:
            lines.append(f"{name} {line}")
    answered = {*(new.answer.include if new.answer else ())}
    missing = (name for name in (old.answer.include if old.answer else ()) if name not in answered)
    return (*lines, *(f"{name} is no longer answered" for name in missing))


def _break_of(old: Feature | None, new: Feature) -> str:
    if old is not None and old.kind != new.kind:
        return f"was a {old.kind} and is a {new.kind}"
    if not new.nullable and (old is None or old.nullable):
        return "is new and required" if old is None else "was optional and is required"
    if old is not None and new.minimum > old.minimum:
        return f"must now be at least {new.minimum:.15g}"
    if old is not None and new.maximum < old.maximum:
        return f"must now be at most {new.maximum:.15g}"
    return ""
