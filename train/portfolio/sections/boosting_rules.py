"""LightGBM's parameters under `[model]`: which can be set, and to which values."""

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

FixedValue = bool | int | float
Bounds = tuple[float, float]


class _Rule(NamedTuple):
    text: str
    holds: Callable[[FixedValue], bool]
    is_whole: bool = False


def _is_number(value: FixedValue) -> bool:
    return not isinstance(value, bool) and math.isfinite(value)


def _whole(least: int, most: int = 2**31 - 1) -> _Rule:
    return _Rule(
        f"a whole number from {least} to {most}",
        lambda value: _is_number(value) and value == int(value) and least <= value <= most,
        is_whole=True,
    )


_SHARE = _Rule("more than 0 and at most 1", lambda value: _is_number(value) and 0 < value <= 1)
_POSITIVE = _Rule("more than 0", lambda value: _is_number(value) and value > 0)
_FROM_ZERO = _Rule("0 or more", lambda value: _is_number(value) and value >= 0)
_YES_NO = _Rule("true or false", lambda value: isinstance(value, bool))

# What the search chooses, with the rule for both ends of a range. The space is searched by the
# logarithm of most of these, so 0 is no end of it.
SEARCHED: Mapping[str, _Rule] = {
    "learning_rate": _SHARE,
    # LightGBM's own limit
    "num_leaves": _whole(2, 131_072),
    "min_data_in_leaf": _whole(1),
    "feature_fraction": _SHARE,
    "bagging_fraction": _SHARE,
    "lambda_l2": _POSITIVE,
    "path_smooth": _POSITIVE,
    "cat_smooth": _POSITIVE,
    "cat_l2": _POSITIVE,
}
# Whatever their values, the same seed gives the same model, and the server can read its trees.
FIXABLE: Mapping[str, _Rule] = {
    **SEARCHED,
    **dict.fromkeys(("lambda_l2", "path_smooth", "cat_smooth", "cat_l2"), _FROM_ZERO),
    "extra_trees": _YES_NO,
    "feature_fraction_bynode": _SHARE,
    "lambda_l1": _FROM_ZERO,
    "max_cat_threshold": _whole(1),
    "max_cat_to_onehot": _whole(1),
    "max_delta_step": _FROM_ZERO,
    "max_depth": _whole(1),
    "min_data_per_group": _whole(1),
    "min_gain_to_split": _FROM_ZERO,
    "min_sum_hessian_in_leaf": _FROM_ZERO,
}
_BY_TREATMENTS = "is set by the treatment of the imbalance: use treatments"
_ELSEWHERE = {
    "monotone_constraints": "is set by the section [monotone]",
    **dict.fromkeys(("scale_pos_weight", "is_unbalance"), _BY_TREATMENTS),
    **dict.fromkeys(("pos_bagging_fraction", "neg_bagging_fraction"), _BY_TREATMENTS),
    "num_iterations": "is found by early stopping",
    "seed": "is the parameter -P seed=",
}


def check_fixed(fixed: Mapping[str, FixedValue]) -> dict[str, FixedValue]:
    """Return fixed parameters by LightGBM's own names.

    Parameters
    ----------
    fixed : mapping of str to (bool, int or float)
        By names or aliases.

    Raises
    ------
    ValueError
        A name is unknown, stands twice, or is set by the training itself; or a value is not
        possible. The message names all of them.
    """
    aliases = {} if set(fixed) <= set(FIXABLE) else _read_aliases()
    found: dict[str, FixedValue] = {}
    problems = []
    for name, value in fixed.items():
        own = aliases.get(name, name)
        if problem := _problem_of(name, own, value, aliases):
            problems.append(f"{name} {problem}")
        elif own in found:
            problems.append(f"{name} stands twice: it is {own}")
        found[own] = value
    _refuse(problems)
    # LightGBM does not read 8.0 as a whole number
    return {name: int(value) if FIXABLE[name].is_whole else value for name, value in found.items()}


def _problem_of(name: str, own: str, value: FixedValue, aliases: Mapping[str, str]) -> str:
    if own in FIXABLE:
        rule = FIXABLE[own]
        return "" if rule.holds(value) else f"must be {rule.text}, got {value!r}"
    if own in aliases:
        why = _ELSEWHERE.get(own, "is set by the training itself")
        return f"cannot be fixed: it {why}"
    near = {**{own: own for own in FIXABLE}, **aliases}
    return _unknown(name, "is no parameter of LightGBM", near, FIXABLE)


def _unknown(name: str, what: str, near: Mapping[str, str], known: Collection[str]) -> str:
    """Return `what` with the known names close to `name`, or with all of them if none is."""
    close = [near[match] for match in difflib.get_close_matches(name, list(near), n=5)]
    if close := [own for own in dict.fromkeys(close) if own in known]:
        return f"{what}: did you mean {' or '.join(close)}?"
    return f"{what}: known are {', '.join(known)}"


def _read_aliases() -> dict[str, str]:
    """Return the name of each of LightGBM's parameters and aliases."""
    # here, because it takes seconds, and plain names need no look into LightGBM's list
    from lightgbm.basic import _ConfigAliases

    # no public function lists the parameters
    known = _ConfigAliases._get_all_param_aliases()
    return {alias: name for name, aliases in known.items() for alias in aliases}


def check_ranges(ranges: Mapping[str, Bounds]) -> dict[str, Bounds]:
    """Return ranges of the search, whole.

    Parameters
    ----------
    ranges : mapping of str to (float, float)
        Lowest and highest value of each parameter.

    Raises
    ------
    ValueError
        The search has no such parameter, or a range is not possible. The message names all.
    """
    problems = [
        f"{name} {problem}"
        for name, bounds in ranges.items()
        if (problem := _problem_of_range(name, *bounds))
    ]
    _refuse(problems)
    return dict(ranges)


def _problem_of_range(name: str, low: float, high: float) -> str:
    if name not in SEARCHED:
        return _unknown(name, "is not searched", {own: own for own in SEARCHED}, SEARCHED)
    rule = SEARCHED[name]
    if wrong := [end for end in (low, high) if not rule.holds(end)]:
        return f"must be {rule.text} at both ends, got {wrong[0]:g}"
    if low == high:
        return f"has one value only: write {name} = {low:g} under [model.fixed]"
    return "" if low < high else f"must have the lower end first, got {low:g} and {high:g}"


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ValueError("; ".join(problems))
