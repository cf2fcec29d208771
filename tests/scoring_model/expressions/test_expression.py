"""Arithmetic over columns: what is allowed, names of any kind, and one value for one and many."""

import math
import struct
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_model.expressions import Expression

VALUES = {"amount": 3.0, "income": 10.0, "empty": math.nan}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12.0),
        ("amount", 3.0),
        (" amount * 0.5 ", 1.5),
        ("-(amount - 5) / 4 + +income", 10.5),
        ("2 * (amount + income)", 26.0),
        ("coalesce(empty, amount)", 3.0),
        ("coalesce(empty, empty, 7) + coalesce(amount, income)", 10.0),
        ("log(income / 10)", 0.0),
        ("log(income)", math.log(10.0)),
    ],
)
def test_arithmetic(text: str, value: float) -> None:
    assert Expression(text).evaluate(VALUES) == value


@pytest.mark.parametrize("text", ["log(-amount)", "log(0)", "log(empty)", "empty + 1"])
def test_a_value_that_does_not_exist_is_missing(text: str) -> None:
    assert math.isnan(Expression(text).evaluate(VALUES))
    many = Expression(text).evaluate({name: np.full(3, x) for name, x in VALUES.items()})
    assert np.isnan(many).all()


@pytest.mark.parametrize(
    "name",
    [
        *("Loan Amount", "revenu.annuel", "montant demandé", "class", "log", "# of loans", "2nd"),
        *("it's", 'say "x"', "back\\slash", "a-b", "a/b", "日本", " ", "x" * 200),
    ],
)
def test_a_column_may_have_any_name_in_quotes(name: str) -> None:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    expression = Expression(f"2 * {quoted} - {quoted}")
    assert expression.columns == (name,)
    assert expression.evaluate({name: 5.0}) == 5.0


@pytest.mark.parametrize("name", ["montant_demandé", "Einkünfte", "coalesce", "年収"])
def test_a_plain_word_needs_no_quotes(name: str) -> None:
    assert Expression(f"{name} / amount").columns == (name, "amount")


@pytest.mark.hostile("code in place of a formula")
@pytest.mark.parametrize(
    "text",
    [
        *("", "amount *", "amount; 1", "a b", "amount ** 2", "amount // 2", "amount % 2", "#"),
        *("max(amount, 1)", "__import__('os')", "amount.real", "amount[0]", "True", "None", "..."),
        *("amount if 1 else 2", "lambda: 1", "[1]", "x := 1", "1 < 2", "not amount", "~amount"),
        *("1j", "1" * 501, "amount\x00", "f'{amount}'", "b'amount'", "amount # of loans", "a\n+ b"),
        *(
            "log()",
            "log(a, b)",
            "coalesce(a)",
            "log(a=1)",
            "log(*a)",
            "coalesce(a, **b)",
            "log"[:2] + "(",
        ),
        *("(log)(a).real", "log(a)(b)", "'log'(a)", "1e999", "1" * 400, "{a}", "a @ b", "a, b"),
        *("(" * 240 + "a" + ")" * 240, "log(" * 120, "await a", "yield a", "a and b", "\ud800"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be made of|is not an arithmetic|must have at most"):
        Expression(text)


@pytest.mark.hostile("a formula that nests deep enough to fill the stack")
@pytest.mark.parametrize("text", ["-" * 498 + "a", "a" + "+a" * 249, "log(" * 99 + "a" + ")" * 99])
def test_the_deepest_formula_is_computed_or_refused(text: str) -> None:
    value = Expression(text).evaluate({"a": 2.0})
    assert isinstance(value, float)

    def at_depth(frames: int) -> Any:
        return at_depth(frames - 1) if frames else Expression(text)

    with pytest.raises(ValueError, match=r"inside of each other|is not an arithmetic"):
        at_depth(sys.getrecursionlimit() - 150)


NUMBERS = st.one_of(st.floats(), st.just(math.nan), st.floats(-10, 10))
TERMS = st.recursive(
    st.sampled_from(["a", '"b c"', "0.1", "3"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("log({})".format, inner),
        st.builds("-{}".format, inner),
    ),
    max_leaves=8,
)


@given(text=TERMS, rows=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_one_and_many_have_the_same_value_to_the_last_bit(
    text: str, rows: list[tuple[float, float]]
) -> None:
    expression = Expression(text)
    try:
        alone = [expression.evaluate({"a": a, "b c": b}) for a, b in rows]
    except ZeroDivisionError:
        return
    columns = {"a": np.array([a for a, _ in rows]), "b c": np.array([b for _, b in rows])}
    with np.errstate(all="ignore"):
        many = np.broadcast_to(expression.evaluate(columns), len(rows)).tolist()
    assert list(map(_bits, alone)) == list(map(_bits, many))


def _bits(number: float) -> bytes:
    return struct.pack("d", math.nan if math.isnan(number) else number)
