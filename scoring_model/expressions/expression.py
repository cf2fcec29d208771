"""`Expression`: arithmetic over columns, parsed from text. Nothing else is allowed."""

import ast
import io
import math
import operator
import sys
import tokenize
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
# long enough for any cost, short enough not to overflow the interpreter's stack
_MAX_LENGTH = 500
_QUOTES = 'a column whose name is not a plain word must stand in quotes: "Loan Amount"'


def _coalesce(first: Any, *others: Any) -> Any:
    """Return the first value that is not missing, row by row."""
    for other in others:
        first = np.where(np.isnan(first), other, first)
    return first if np.ndim(first) else float(first)


def _log(value: Any) -> Any:
    """Return the natural logarithm; NaN where there is none.

    It is computed number by number: numpy's own function for arrays may differ in the last bit
    from one processor to another.
    """
    if np.ndim(value):
        return np.fromiter(map(_log, value.tolist()), dtype=np.float64, count=len(value))
    return math.log(value) if 0.0 < value < math.inf else math.nan


# name, function, and the least and the most arguments that it takes
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "coalesce": (_coalesce, 2, 20),
    "log": (_log, 1, 1),
}


@dataclass(frozen=True)
class Expression:
    """A number, a column, or columns and numbers combined.

    They are combined by `+ - * /`, parentheses, `coalesce(a, b)` (the first that is not missing)
    and `log(a)` (natural logarithm). A column whose name is not a plain word stands in quotes.

    Attributes
    ----------
    text : str
        Such as `approved_amount * 0.65`, or `"Loan Amount" / income`.

    Raises
    ------
    ValueError
        The text is anything else. The caller puts the name of the setting before the message.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            is_arithmetic = _is_arithmetic(self._tree)
        except RecursionError as error:
            raise ValueError("has too many parts inside of each other") from error
        if not is_arithmetic:
            raise ValueError(
                "must be made of columns, numbers, + - * /, parentheses, coalesce() and log(), "
                f"got {self.text!r} ({_QUOTES})"
            )

    @cached_property
    def _tree(self) -> ast.expr:
        if len(self.text) > _MAX_LENGTH:
            raise ValueError(f"must have at most {_MAX_LENGTH} characters")
        try:
            # an unknown escape in a quoted name is a warning
            with warnings.catch_warnings(action="ignore"):
                tree = ast.parse(self.text.strip(), mode="eval").body
            has_comment = _has_comment(self.text)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise ValueError(
                f"is not an arithmetic expression: {self.text!r} ({_QUOTES})"
            ) from error
        if has_comment:
            raise ValueError(f"is not an arithmetic expression: in {self.text!r}, # hides the rest")
        return tree

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Column names, in order of appearance."""
        return tuple(dict.fromkeys(_columns(self._tree)))

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the value for one applicant (floats) or many (arrays), equal to the last bit.

        Parameters
        ----------
        values : mapping of str to float or ndarray of float64, shape (rows,)
            The value of every column in `columns`.

        Raises
        ------
        ZeroDivisionError
            A float is divided by zero. Arrays give infinity or NaN instead.
        """
        return _evaluate(self._tree, values)


def _has_comment(text: str) -> bool:
    tokens = tokenize.generate_tokens(io.StringIO(text.strip()).readline)
    return any(token.type == tokenize.COMMENT for token in tokens)


def _is_arithmetic(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) is str or _is_finite(node.value)
    if isinstance(node, ast.BinOp):
        return type(node.op) in _BINARY and _is_arithmetic(node.left) and _is_arithmetic(node.right)
    if isinstance(node, ast.UnaryOp):
        return type(node.op) in _UNARY and _is_arithmetic(node.operand)
    if isinstance(node, ast.Call):
        return _is_known_call(node) and all(map(_is_arithmetic, node.args))
    return isinstance(node, ast.Name)


def _is_finite(value: object) -> bool:
    if type(value) is int:
        return abs(value) <= sys.float_info.max
    return type(value) is float and math.isfinite(value)


def _is_known_call(node: ast.Call) -> bool:
    if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS or node.keywords:
        return False
    _, least, most = _FUNCTIONS[node.func.id]
    return least <= len(node.args) <= most


def _columns(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp):
        return _columns(node.left) + _columns(node.right)
    if isinstance(node, ast.UnaryOp):
        return _columns(node.operand)
    if isinstance(node, ast.Call):
        return [name for argument in node.args for name in _columns(argument)]
    if isinstance(node, ast.Name):
        return [node.id]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _evaluate(node: ast.expr, values: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_evaluate(node.left, values), _evaluate(node.right, values))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_evaluate(node.operand, values))
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        function, _, _ = _FUNCTIONS[node.func.id]
        return function(*(_evaluate(argument, values) for argument in node.args))
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return values[node.value] if isinstance(node.value, str) else float(node.value)
    raise AssertionError("the expression was checked when it was read")
