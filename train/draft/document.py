"""Write the drafted `portfolio.toml`: its sections, with a question where the draft is not sure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pyarrow as pa

from train.draft.roles import Roles
from train.draft.words import readable
from train.portfolio.sections import ReadSettings, key_text, value_text

# the latest rows become the test
_TEST_SHARE = 0.2
# what needs no line
_USUAL = {"delimiter": ",", "encoding": "utf-8"}
_RANDOM = ['method = "random"', f"test_size = {_TEST_SHARE}", "seed = 0"]


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a drafted file says.

    Attributes
    ----------
    name : str
        Name of the portfolio.
    source : str
        As the file names it: relative to the file, or a URI.
    query : str
        SQL of a database; empty for files.
    read : ReadSettings
        How the table is written.
    roles : Roles
    notes : tuple of str
        What was found in the table, one line each.
    """

    name: str
    source: str
    query: str
    read: ReadSettings
    roles: Roles
    notes: tuple[str, ...] = ()


def write_document(draft: Draft) -> str:
    """Return the text of the file."""
    roles = draft.roles
    rows = roles.columns[0].rows if roles.columns else 0
    sections = [
        [
            f"# A draft for {rows:,} rows and {len(roles.columns)} columns, guessed from the names",
            "# and values of the columns: read every line. What the table does not say is a",
            "# question. If there is another answer, it stands on the line below: uncomment it in",
            "# place of the line above.",
        ],
        ["[portfolio]", *_head(draft)],
        ["[split]", *_split(roles)],
        _section("read", dict(_read(draft.read)), roles, "read "),
        _section(
            "kinds", {name: value_text(kind) for name, kind in roles.kinds.items()}, roles, "kind "
        ),
        _exclude(roles),
        _limits(roles),
        _section("labels", _labels(roles), roles),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _questions(roles: Roles, about: str, key: str = "") -> Iterator[str]:
    for question, other in roles.questions.get(about, ()):
        yield f"# question: {question}"
        if other:
            yield f"# {key_text(key or about)} = {value_text(other)}"


def _head(draft: Draft) -> Iterator[str]:
    roles = draft.roles
    yield f"name = {value_text(draft.name)}"
    yield f"description = {value_text(f'Loans of {draft.name}')}"
    yield f"source = {value_text(draft.source)}"
    if draft.query:
        yield f"query = {value_text(draft.query)}"
    yield (
        f"key = {value_text(roles.key)}" if roles.key else "# no key: the rows are numbered from 0"
    )
    yield from _questions(roles, "key")
    yield from _target(roles)
    if roles.decision_date:
        yield f"decision_date = {value_text(roles.decision_date)}"
    yield from _questions(roles, "decision_date")
    if roles.amount:
        yield f"amount = {value_text(roles.amount)}"
    yield f"protected = {value_text(roles.protected)}"
    yield from _questions(roles, "protected")


def _target(roles: Roles) -> Iterator[str]:
    target = roles.target
    if target is None:
        yield "# question: which column holds the outcome? None looks like it: write its name"
        yield 'target = "?"'
        return
    yield f"target = {value_text(target.column.name)}"
    if target.defaulted:
        yield f"defaulted = {value_text(target.defaulted)}"
        yield f"repaid = {value_text(target.repaid)}"
    if target.leave_out:
        yield f"leave_out = {value_text(target.leave_out)}"
    yield from _questions(roles, "target")


def _split(roles: Roles) -> list[str]:
    if roles.split:
        return ['method = "column"', f"column = {value_text(roles.split)}"]
    day = _test_day(roles)
    if day is None:
        return _RANDOM
    lines = [f"# the latest {_TEST_SHARE:.0%} of the loans or so", 'method = "date"']
    return [*lines, f"test_from = {day}"]


def _test_day(roles: Roles) -> str | None:
    """Return the first day of the test rows; None without a date, or if a side lacks a class."""
    if not roles.decision_date or not roles.target:
        return None
    column = next(c for c in roles.columns if c.name == roles.decision_date)
    days = pd.Series(column.cells.cast(pa.timestamp("s")).to_pandas())
    y = roles.target.outcomes(np.arange(len(days)))
    days, y = days[y >= 0], y[y >= 0]
    if days.empty:
        return None
    day = pd.Timestamp(days.sort_values().iloc[int((1 - _TEST_SHARE) * len(days))]).normalize()
    late = (days >= day).to_numpy()
    if len(np.unique(y[late])) < 2 or len(np.unique(y[~late])) < 2:
        return None
    return str(day.date())


def _read(read: ReadSettings) -> Iterator[tuple[str, str]]:
    for key in fields(read):
        value = getattr(read, key.name)
        if value and value != _USUAL.get(key.name):
            yield key.name, value_text(value)


def _section(
    name: str, values: Mapping[str, str], roles: Roles, about: str | None = None
) -> list[str]:
    if not values:
        return []
    lines = [f"[{name}]"]
    for key, value in values.items():
        lines.append(f"{key_text(key)} = {value}")
        if about is not None:
            lines += _questions(roles, about + key, key)
    return lines


def _exclude(roles: Roles) -> list[str]:
    lines = ["[exclude]"]
    for name, reason in roles.exclude.items():
        lines += [f"{key_text(name)} = {value_text(reason)}", *_questions(roles, name)]
    names = {column.name for column in roles.columns} - set(roles.exclude)
    for about in roles.questions:
        if about in names:
            lines += [f"# {value_text(about)}:", *_questions(roles, about)]
    return lines


def _limits(roles: Roles) -> list[str]:
    """Show how to refuse impossible amounts: the usual range is wide, and knows no sign."""
    if roles.amount is None:
        return []
    return [
        "# To refuse requests with an impossible amount, write its limits:",
        "# [limits]",
        f"# {key_text(roles.amount)} = {{ min = 1, max = 500000 }}",
    ]


def _labels(roles: Roles) -> dict[str, str]:
    names = [*(column.name for column in roles.free), *roles.protected]
    texts = {name: readable(name) for name in names}
    return {n: f"{{ en = {value_text(text)} }}" for n, text in texts.items() if text and text != n}
