"""`Variable`: one environment variable of the server."""

from typing import Literal, NamedTuple


class Variable(NamedTuple):
    """An environment variable of the server.

    Attributes
    ----------
    field : str
        Its field of `ServerSettings`.
    kind : {"text", "path", "switch", "count", "digests", "origins", "choice"}
        How the text is read. A switch is `0` or `1`. A count is a whole number.
    default : str
    meaning : str
        Whole sentences for the documentation.
    beyond : str
        What the server does beyond the limit; empty if the variable is not a limit.
    least : int
        Smallest value of a count.
    choices : tuple of str
        The values of a choice.
    """

    field: str
    kind: Literal["text", "path", "switch", "count", "digests", "origins", "choice"]
    default: str
    meaning: str
    beyond: str = ""
    least: int = 1
    choices: tuple[str, ...] = ()
