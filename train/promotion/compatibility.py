"""What a change of contract breaks for those who call the server."""

from scoring_model.contract import Feature, FeatureContract


def breaking_changes(old: FeatureContract, new: FeatureContract) -> tuple[str, ...]:
    """Say which requests that `old` accepts `new` would refuse, a line for each feature.

    A feature that is gone, of another kind, or required where it was not is a break: `/predict` is
    strict. A new optional feature is none, nor are other levels: they are scored as missing.
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
