"""`Problems`: what is wrong with a request that may have very many faults."""

import itertools
from collections.abc import Iterable

from scoring_model.errors.scoring_errors import MOST_PROBLEMS, FieldProblem, InvalidRequest


class Problems:
    """The first problems of a request, in the order in which they are found, and their number.

    Attributes
    ----------
    first : list of FieldProblem
        At most `MOST_PROBLEMS`: a body of a few megabytes may have a million.
    count : int
        Number of all problems.
    """

    def __init__(self) -> None:
        self.first: list[FieldProblem] = []
        self.count = 0

    def append(self, problem: FieldProblem) -> None:
        """Add one problem."""
        self.extend((problem,), 1)

    def extend(self, problems: Iterable[FieldProblem], count: int) -> None:
        """Add `count` problems; only as many are taken from the iterable as are kept."""
        self.first += itertools.islice(problems, MOST_PROBLEMS - len(self.first))
        self.count += count

    def require_none(self) -> None:
        """Raise `InvalidRequest` if there is a problem."""
        if self.count:
            raise InvalidRequest.from_problems(self.first, self.count)
