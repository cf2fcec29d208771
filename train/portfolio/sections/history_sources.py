"""`[[history]]` of a portfolio: the tables of histories and the files with their SQL."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic.dataclasses import dataclass

from train.portfolio.sections.section import SECTION, rule


def _find_file(value: Any, info: ValidationInfo) -> Any:
    if not (info.context and isinstance(value, str)):
        return value
    path = info.context["folder"] / value
    if not path.is_file():
        raise ValueError(f"{value}: no such file")
    return path


# the name is written into SQL unquoted, so it must be a plain SQL name
TableName = Annotated[
    str,
    Field(strict=True, pattern="^[A-Za-z_][A-Za-z0-9_]*$"),
    rule("must be a name such as bureau"),
]
SqlFile = Annotated[Path, rule("must be text"), BeforeValidator(_find_file)]


@dataclass(frozen=True, slots=True, config=SECTION)
class HistorySource:
    """One table and the SQL of its features."""

    table: TableName = Field(
        description="Name of the table. The SQL uses this name. The table is the file "
        "`<table>.parquet`, `<table>.csv` or `<table>.csv.gz` in the folder of the source, or a "
        "folder `<table>` there with such files. The name `application` means the source itself. "
        "A name consists of letters, digits and underscores, does not begin with a digit and must "
        "not repeat."
    )
    features: SqlFile = Field(
        description="Path of the file with the SQL that computes the table's features. It is "
        "relative to this file."
    )


def _check_tables(sources: tuple[HistorySource, ...]) -> tuple[HistorySource, ...]:
    tables = [source.table for source in sources]
    for table in tables:
        if tables.count(table) > 1:
            raise ValueError(f"table {table!r} must not repeat")
    return sources


HistorySources = Annotated[tuple[HistorySource, ...], AfterValidator(_check_tables)]
