"""`EncodedRows`: applicants as numbers, and the problems of invalid ones."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from scoring_model.contract.notices import Notice
from scoring_model.contract.value_rule import LEAST_LONG
from scoring_model.errors import FieldProblem, InvalidRequest, Problems
from scoring_model.types import FloatArray


class EncodedColumn(NamedTuple):
    """One field of some applicants as numbers.

    Attributes
    ----------
    numbers : ndarray of float64, shape (rows,)
        NaN for missing values, unseen levels and refused values.
    problems : list of (int, str)
        Row number of each refused value, and the rule that the value breaks.
    notices : list of (int, str)
        Row number of each valid value to remark on, and what there is to know; see `Notice`.
    """

    numbers: FloatArray
    problems: list[tuple[int, str]]
    notices: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Applicants as numbers.

    Attributes
    ----------
    matrix : ndarray of float64, shape (rows, features)
        C-contiguous; NaN for missing values, unseen levels and refused values.
    notices : tuple of Notice
        What callers should know about valid values, sorted by row.
    problems : tuple of FieldProblem
        Sorted by row. A row without a problem may be scored, if all problems are listed.
    problem_count : int
        Number of all problems; `problems` may hold only the first of them.
    raw : ndarray of float64, shape (rows, fields), optional
        The values of the contract's fields, dates as day numbers, if `matrix` was derived from
        them; None if they are the matrix itself.
    """

    matrix: FloatArray
    notices: tuple[Notice, ...] = ()
    problems: tuple[FieldProblem, ...] = ()
    problem_count: int = 0
    raw: FloatArray | None = None

    @property
    def field_values(self) -> FloatArray:
        """The values of the contract's fields, shape (rows, fields); dates are day numbers."""
        return self.matrix if self.raw is None else self.raw

    def count_unseen(self) -> Mapping[str, int]:
        """Return the number of levels that training never saw, by field."""
        return Counter(notice.field for notice in self.notices if notice.is_unseen)

    def notices_by_row(self) -> Mapping[int, Sequence[Notice]]:
        """Return the notices of each row that has any."""
        found: dict[int, list[Notice]] = {}
        for notice in self.notices:
            found.setdefault(notice.row, []).append(notice)
        return found

    def has_long_numbers(self) -> bool:
        """Return whether JSON may have had a whole number beyond 64 bits, which was rounded."""
        return bool((np.abs(self.field_values) >= LEAST_LONG).any())

    def require_valid(self) -> "EncodedRows":
        """Return these rows, or raise `InvalidRequest` if any value is refused."""
        if self.problems:
            raise InvalidRequest.from_problems(self.problems, self.problem_count)
        return self


def gather_columns(
    names: Sequence[str],
    columns: Iterable[EncodedColumn],
    rows: int,
    problems: Problems | None = None,
    most_problems: int | None = None,
) -> EncodedRows:
    """Combine encoded columns into rows.

    Parameters
    ----------
    names : sequence of str
        The fields' names.
    columns : iterable of EncodedColumn
        One per field. To save memory, each is released before the next one is requested.
    rows : int
        Number of applicants.
    problems : Problems, optional
        Problems that are already known. In each row they come before the new ones.
    most_problems : int, optional
        List only so many problems, the first by row; by default all are listed.
    """
    matrix = np.empty((rows, len(names)), dtype=np.float64)
    notices: list[Notice] = []
    found = list(problems.first) if problems else []
    count = problems.count if problems else 0
    for index, (name, column) in enumerate(zip(names, columns, strict=True)):
        matrix[:, index] = column.numbers
        if column.problems:
            count += len(column.problems)
            # they are sorted by row, so no later one of this column can be among the first of all
            kept = column.problems[:most_problems]
            found += [FieldProblem(row, name, rule) for row, rule in kept]
        if column.notices:
            notices += [Notice(row, name, text) for row, text in column.notices]
    notices.sort(key=lambda notice: notice.row)
    found.sort(key=lambda problem: problem.row)
    return EncodedRows(matrix, tuple(notices), tuple(found[:most_problems]), count)


def join_rows(parts: Sequence[EncodedRows], features: int) -> EncodedRows:
    """Join parts into one, with row numbers that continue from part to part.

    Parameters
    ----------
    parts : sequence of EncodedRows
    features : int
        Number of columns of each matrix; it is needed when there are no parts.
    """
    if len(parts) == 1:
        return parts[0]
    notices: list[Notice] = []
    problems: list[FieldProblem] = []
    start = 0
    for part in parts:
        notices += [notice._replace(row=notice.row + start) for notice in part.notices]
        problems += [replace(problem, row=problem.row + start) for problem in part.problems]
        start += len(part.matrix)
    matrix = np.concatenate([np.empty((0, features)), *(part.matrix for part in parts)])
    derived = [part.raw for part in parts if part.raw is not None]
    raw = np.concatenate(derived) if derived else None
    count = sum(part.problem_count for part in parts)
    return EncodedRows(matrix, tuple(notices), tuple(problems), count, raw)
