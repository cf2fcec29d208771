"""`Expression`: arithmetic over columns, parsed from text. Nothing else is allowed."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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


@dataclass(frozen=True)
class Expression:
    """A number, a column, or columns and numbers combined by `+ - * /` and parentheses.

    Attributes
    ----------
    text : str
        Such as `approved_amount * 0.65`.

    Raises
    ------
    ValueError
        The text is anything else. The caller puts the name of the setting before the message.
    """

    text: str

    def __post_init__(self) -> None:
        if not all(_is_arithmetic(node) for node in ast.walk(self._tree)):
            raise ValueError(
                f"must be made of columns, numbers, + - * / and parentheses, got {self.text!r}"
            )

    @cached_property
    def _tree(self) -> ast.expr:
        if len(self.text) > _MAX_LENGTH:
            raise ValueError(f"must have at most {_MAX_LENGTH} characters")
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise ValueError(f"is not an arithmetic expression: {self.text!r}") from error

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Column names, in order of appearance."""
        names = (node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name))
        return tuple(dict.fromkeys(names))

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


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, *_BINARY, *_UNARY)
    return isinstance(node, allowed)


def _evaluate(node: ast.expr, values: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_evaluate(node.left, values), _evaluate(node.right, values))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_evaluate(node.operand, values))
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    raise AssertionError("the expression was checked when it was read")
