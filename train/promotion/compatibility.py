"""Breaking changes of the contract: requests that a new version would refuse."""

from scoring_model.contract import Feature, FeatureContract


def breaking_changes(old: FeatureContract, new: FeatureContract) -> tuple[str, ...]:
    """Return a line for each feature because of which `new` refuses requests that `old` accepts.

    `/predict` is strict. A feature breaks callers if it is removed, changes its kind, or becomes
    required. A new optional feature breaks nothing. New or removed levels break nothing either,
    because an unknown level is scored as missing.
    """
    before = {feature.name: feature for feature in old.features}
    after = {feature.name: feature for feature in new.features}
    lines = [f"{name} is removed" for name in before if name not in after]
    for name, feature in after.items():
        line = _break_of(before.get(name), feature)
        if line:
            lines.append(f"{name} {line}")
    return tuple(lines)


def _break_of(old: Feature | None, new: Feature) -> str:
    if old is not None and old.kind != new.kind:
        return f"was a {old.kind} and is a {new.kind}"
    if not new.nullable and (old is None or old.nullable):
        return "is new and required" if old is None else "was optional and is required"
    return ""
