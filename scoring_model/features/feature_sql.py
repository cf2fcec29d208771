"""`FeatureSql`: the feature SQL of a version, and the tables that it reads."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from scoring_model.contract import JsonFields, read_versioned

FORMAT_VERSION = 1
# name of the table of applicants in the SQL; its file may have any name
APPLICATION = "application"

_COMMENT = re.compile(r"--[^\n]*")
_LABEL = re.compile(r"\bAS (\w+),? -- (.+)$", re.MULTILINE)
_CREATED = re.compile(r"CREATE\b.*?\b(\w+)\s*(?:\([^)]*\)\s*)?\bAS\b", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class History:
    """One table of the applicants' histories, and the features that are computed from it.

    Attributes
    ----------
    table : str
        Name of the table in the SQL; `application` is the table of applicants itself.
    sql : str
        Statements separated by `;`: views, and one SELECT for each family of features. A SELECT
        gives at most one row per key. A line `... AS name, -- label` names and labels a feature.
    columns : mapping of str to str
        Columns that the SQL may read, with the DuckDB types that training found.
    unread : tuple of str
        Other columns that the table had in training. A request may contain them; they are ignored.
    """

    table: str
    sql: str
    columns: Mapping[str, str]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureSql:
    """All feature SQL of a version.

    Attributes
    ----------
    key : str
        Column that identifies an applicant in every table that has it.
    histories : tuple of History
        In the order in which their SQL runs; one is `application`.
    empty_is_missing : bool
        Whether the SQL sees empty text as missing. In older versions it sees the empty text.
    """

    key: str
    histories: tuple[History, ...]
    empty_is_missing: bool = True

    def labels(self) -> dict[str, str]:
        """Return the label of every feature, followed by its table in parentheses."""
        return {
            name: f"{label.strip()} ({history.table})"
            for history in self.histories
            for name, label in _LABEL.findall(history.sql)
        }

    def to_json(self) -> str:
        """Return the SQL as JSON text that `from_json` reads back."""
        tables = [
            {
                "table": h.table,
                "columns": dict(h.columns),
                "unread": list(h.unread),
                "sql": h.sql.splitlines(),
            }
            for h in self.histories
        ]
        document = {
            "format_version": FORMAT_VERSION,
            "key": self.key,
            "empty_is_missing": self.empty_is_missing,
            "tables": tables,
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "FeatureSql":
        """Read the SQL from JSON; raises `ArtifactError` if a value is not valid."""
        document = read_versioned(text, "features.json", FORMAT_VERSION)
        features = cls(
            document.text("key"),
            tuple(map(_read_history, document.parts("tables"))),
            # versions registered earlier see empty text as it is
            "empty_is_missing" in document.values and document.flag("empty_is_missing"),
        )
        tables = [history.table for history in features.histories]
        if len(set(tables)) < len(tables) or APPLICATION not in tables:
            raise document.refuse(f"each table must be listed once, {APPLICATION} among them")
        return features


def _read_history(fields: JsonFields) -> History:
    table, columns = fields.text("table"), fields.named_texts("columns")
    if not _WORD.fullmatch(table) or any('"' in name for name in columns):
        raise fields.refuse("a table must be named by a word, and a column without quotes")
    return History(table, "\n".join(fields.texts("sql")) + "\n", columns, fields.texts("unread"))


def joined_queries(features: FeatureSql) -> dict[str, str]:
    """Return, for each history, SQL that counts its rows and those of known applicants.

    A table without the key is joined to an earlier table, by a column that both have.
    """
    key, queries = f'"{features.key}"', {}
    known = f"{key} IN (SELECT {key} FROM {APPLICATION})"
    before: list[History] = []
    for history in features.histories:
        if history.table == APPLICATION:
            continue
        joins = known
        if features.key not in history.columns:
            shared = [(h.table, name) for h in before for name in h.columns]
            links = [(table, f'"{name}"') for table, name in shared if name in history.columns]
            if not links:
                continue
            (table, link), *_ = links
            joins = f"{link} IN (SELECT {link} FROM {table} WHERE {known})"
        rows = f"SELECT count(*) FROM {history.table}"
        queries[history.table] = f"SELECT ({rows}), ({rows} WHERE {joins})"
        before += [history] if features.key in history.columns else []
    return queries


def tables_read(features: FeatureSql) -> list[frozenset[str]]:
    """Return, for each history, the tables that its statements read, directly or through a view."""
    queries = joined_queries(features)
    # for each table or view that a statement may name, the tables that it reads
    behind = {history.table: frozenset({history.table}) for history in features.histories}

    def said_by(sql: str) -> frozenset[str]:
        words = _WORD.findall(sql)
        return frozenset[str]().union(*(behind[word] for word in words if word in behind))

    read = []
    for history in features.histories:
        tables = said_by(queries.get(history.table, "")) | {history.table}
        for statement in split_statements(history.sql):
            said = said_by(statement)
            if created := None if is_select(statement) else _CREATED.match(statement):
                behind[created[1]] = said
            tables |= said
        read.append(tables)
    return read


def split_statements(sql: str) -> list[str]:
    """Return the statements of a file, without comments."""
    return [text for part in _COMMENT.sub("", sql).split(";") if (text := part.strip())]


def is_select(statement: str) -> bool:
    """Return whether a statement gives a family of features."""
    return statement.split(None, 1)[0].upper() in ("SELECT", "WITH")
