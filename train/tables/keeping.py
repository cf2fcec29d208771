"""`keep_as_parquet`: keep the rows of a source, so that they can be read again exactly."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from train.errors import InputError, reason_of
from train.portfolio import Portfolio
from train.tables.files import is_local
from train.tables.opened import open_tables
from train.tables.readers import KEPT
from train.tables.source import OpenedSource, Source
from train.tables.typed_cells import common_schema

# path of the kept rows among the artifacts of the training's run
KEPT_ROWS = "source/rows.parquet"


@contextmanager
def kept_rows(portfolio: Portfolio) -> Iterator[Portfolio]:
    """Keep the rows of a source that is not on this machine, until the block ends.

    Parameters
    ----------
    portfolio : Portfolio

    Yields
    ------
    Portfolio
        With the path of the kept rows, so that all that read it read the same rows. A source on
        this machine is not copied.

    Raises
    ------
    InputError
        The source cannot be read.
    """
    source = Source.of(portfolio)
    if is_local(source.place) and not source.is_database:
        yield portfolio
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(KEPT_ROWS).name
        try:
            keep_as_parquet(open_tables(source), path)
        except InputError as error:
            raise InputError(f"{portfolio.path}: [portfolio] source {error}") from error
        yield replace(portfolio, kept=path)


def keep_as_parquet(opened: OpenedSource, path: Path) -> None:
    """Write all rows of a source into one Parquet file. Text stays as it was read.

    Parameters
    ----------
    opened : OpenedSource
    path : Path
        The file. It also holds how the text is written, and `open_tables` heeds that.

    Raises
    ------
    InputError
        A row has more or fewer fields than the heading, or the source cannot be read to its end.
    """
    tables = opened.tables
    first = tables[0]
    names = first.reader.schema.names
    fields = [[table.reader.schema.field(name) for name in names] for table in tables]
    schema = common_schema([pa.schema(each) for each in fields])
    is_text, read = first.reader.is_text, asdict(first.read)
    note = {"is_text": is_text, "read": read, "notes": opened.notes}
    schema = schema.with_metadata({KEPT: json.dumps(note).encode()})
    with pq.ParquetWriter(path, schema) as writer:
        for table in tables:
            try:
                for batch in table.reader.read(names):
                    if batch.broken:
                        raise ValueError(
                            f"row {batch.broken[0]} must have as many fields as the heading"
                        )
                    rows = pa.Table.from_batches([batch.records])
                    writer.write_table(rows.cast(schema))
            except (OSError, ValueError, pa.ArrowException) as error:
                raise InputError(f"{table.name}: cannot be read: {reason_of(error)}") from error
