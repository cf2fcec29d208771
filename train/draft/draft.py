"""`draft_portfolio`: write a `portfolio.toml` for a table that nobody has described."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from train.columns import plain_words
from train.draft.alone import aucs_alone
from train.draft.document import Draft, write_document
from train.draft.overview import show_columns
from train.draft.roles import Roles, guess_roles
from train.draft.table import read_columns
from train.errors import InputError
from train.tables import Source

_ENDINGS = re.compile(r"(\.(csv|tsv|txt|json|jsonl|ndjson|parquet|xlsx|xls|gz|zip|bz2))+$", re.I)
# greedy: a password may itself hold an @; one that is a variable already stays
_VARIABLE = r"\$\{[^}]*\}"
_PASSWORD = re.compile(rf"(?<=://)([^/@:]*:)(?!{_VARIABLE}@).+(?=@)")
_IN_PARAMETERS = re.compile(rf"(?i)([?&](?:password|passwd|pwd)=)(?!{_VARIABLE})[^&]+")
_FIXED = re.compile(r"[*?\[].*$")


def draft_portfolio(table: str, output: str, query: str, report: Callable[[str], None]) -> Path:
    """Write a commented `portfolio.toml`, and report what each column was taken for.

    Parameters
    ----------
    table : str
        Path, folder, glob or URI of the table, or URL of a database.
    output : str
        File to write; empty for `portfolio.toml` beside the table, or, for a table that is not on
        this machine, a file in the current folder.
    query : str
        SQL of a database; empty for files.
    report : callable
        Prints a line.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    InputError
        The table cannot be read, or the file exists already: it is never overwritten.
    """
    place = table if "://" in table else str(Path(table).resolve())
    name = _name_of(place)
    path = _output_path(place, output, name)
    if path.exists():
        raise InputError(f"{path}: exists already: choose another -P output=, or remove the file")
    read = read_columns(Source(place, query=query))
    roles = guess_roles(read, aucs_alone)
    source, notes = _source_text(place, path)
    draft = Draft(name, source, query, read.settings, roles, (*read.notes, *notes))
    report(show_columns(roles.columns, lambda column: role_name(roles, column), roles.kinds))
    for note in draft.notes:
        report(note)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(write_document(draft))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    questions = sum(map(len, roles.questions.values())) + (roles.target is None)
    asked = "1 question is" if questions == 1 else f"{questions or 'no'} questions are"
    report(f"wrote {path}: {asked} in its comments")
    report(f"then: mlflow run . --env-manager local -e check -P portfolio={path}")
    return path


def role_name(roles: Roles, column: str) -> str:
    """Return the role of a column as people read it."""
    if roles.target and column == roles.target.column.name:
        return "target"
    named = {roles.key: "key", roles.decision_date: "decision date", roles.split: "split"}
    if column in named:
        return named[column]
    if column in roles.protected:
        return "protected"
    return "excluded" if column in roles.exclude else "feature"


def _name_of(place: str) -> str:
    """Return a name for the portfolio: the table's, in plain small letters."""
    path = urlsplit(place).path if "://" in place else _FIXED.sub("", place)
    last = _ENDINGS.sub("", path.rstrip("/").rsplit("/", 1)[-1])
    return plain_words(last).replace(" ", "-") or "loans"


def _output_path(place: str, output: str, name: str) -> Path:
    if output:
        return Path(output).resolve()
    if "://" in place:
        return Path.cwd() / f"{name}.toml"
    fixed = Path(_FIXED.sub("", place) or "/")
    # beside a folder too: what lies in it is the table
    return (fixed if place != str(fixed) and place[len(str(fixed))] == "/" else fixed.parent) / (
        "portfolio.toml"
    )


def _source_text(place: str, path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the source as the file names it, without a password, and a note if it had one."""
    if "://" in place:
        hidden = place
        for secret in (_PASSWORD, _IN_PARAMETERS):
            hidden = secret.sub(r"\1${DATABASE_PASSWORD}", hidden)
        if hidden == place:
            return place, ()
        return hidden, ("the password is not written: set DATABASE_PASSWORD before you train",)
    if Path(place).is_relative_to(path.parent):
        return os.path.relpath(place, path.parent), ()
    return place, ()
