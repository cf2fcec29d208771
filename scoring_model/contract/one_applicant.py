"""`encode_one`: encode one applicant, as fast as Python can."""

import math
from collections.abc import Iterable
from typing import Any

from scoring_model.contract.value_rule import LEAST_LONG, MOST_WHOLE, Codes, ValueRule

# codes (None for a number), bounds of ordinary numbers, and the rule of a field
FieldPlan = tuple[Codes | None, float, float, ValueRule]
# place of the field, the rule that its value breaks, and what there is to know about the value
Remark = tuple[int, str, str]


def plan_field(rule: ValueRule) -> FieldPlan:
    """Return what `encode_one` needs for a field."""
    return None if rule.kind == "number" else rule.codes, *rule.ordinary, rule


def encode_one(
    values: Iterable[Any], plan: Iterable[FieldPlan], numbers: list[float]
) -> list[Remark] | None:
    """Encode one applicant's values.

    Parameters
    ----------
    values : iterable
        JSON values in the order of the plan; what comes after them is ignored.
    plan : iterable of FieldPlan
    numbers : list of float
        The numbers are added to it; NaN for missing values, unseen levels and refused values.

    Returns
    -------
    list of Remark or None
        None if there is nothing to say. A number that may have been rounded has empty texts.
    """
    remarks: list[Remark] | None = None
    for value, (codes, low, high, rule) in zip(values, plan, strict=False):
        # the common cases are handled without a function call
        if codes is None:
            if type(value) is float:
                if low < value < high:
                    numbers.append(value)
                    continue
            elif type(value) is int and low < value < high and -MOST_WHOLE <= value <= MOST_WHOLE:
                numbers.append(float(value))
                continue
        elif type(value) is str or type(value) is bool:
            code = codes.get(value)
            if code is not None:
                numbers.append(code)
                continue
        if value is None and rule.nullable:
            numbers.append(math.nan)
            continue
        number, problem, notice = rule.judge(value)
        if problem or notice or abs(number) >= LEAST_LONG:
            remarks = remarks or []
            remarks.append((len(numbers), problem, notice))
        numbers.append(number)
    return remarks
