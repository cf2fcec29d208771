"""Small bodies that unpack to much, and Parquet footers that lie about it."""

import io
import json
import struct
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.scoring_model.planted import EXAMPLE

_TAIL = struct.Struct("<I4s")


def list_bomb(values: int = 50_000_000) -> bytes:
    """Return a Parquet file of one row, whose list has millions of values."""
    column = pa.ListArray.from_arrays([0, values], pa.array([0], pa.int8()).take(_zeros(values)))
    return _write(pa.table({"amount_00": column}), use_dictionary=False)


def _zeros(count: int) -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(bytes(4 * count))])


def lying_rows(rows: int = 3_000_000) -> bytes:
    """Return a Parquet file of many rows whose footer says that it has one."""
    whole = _write(pa.table({"amount_00": _zeros(rows)}))
    return _change_footer(whole, rows, 1)


def lying_text(size: int) -> bytes:
    """Return a Parquet file with one long text whose footer says that it is short."""
    text = pa.array(["a" * size], pa.large_string())
    whole = _write(pa.table({"purpose": text}), use_dictionary=False, write_statistics=False)
    written = pq.ParquetFile(io.BytesIO(whole)).metadata.row_group(0).column(0)
    return _change_footer(whole, written.total_uncompressed_size, 1)


def unknown_columns(records: int, columns: int, width: int) -> list[dict[str, Any]]:
    """Return records with a number of unknown fields each, out of `columns` different ones."""
    names = [f"secret_{number}" for number in range(columns)]
    return [
        EXAMPLE | dict.fromkeys((names[(row + place) % columns] for place in range(width)), 0)
        for row in range(records)
    ]


def as_body(content: Any) -> bytes:
    """Return JSON without spaces, so that it has as few bytes as possible."""
    return json.dumps(content, separators=(",", ":")).encode()


def _write(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", **options)
    return buffer.getvalue()


def _change_footer(whole: bytes, number: int, shown: int) -> bytes:
    """Replace a number in the footer by a smaller one with the same number of bytes."""
    length, _ = _TAIL.unpack(whole[-_TAIL.size :])
    start = len(whole) - _TAIL.size - length
    footer = whole[start : -_TAIL.size]
    old = _varint(number, 0)
    assert old in footer
    return whole[:start] + footer.replace(old, _varint(shown, len(old))) + whole[-_TAIL.size :]


def _varint(number: int, length: int) -> bytes:
    """Return a number as Thrift writes it, filled up to a length."""
    rest = number * 2
    parts: list[int] = []
    while rest or len(parts) < max(length, 1):
        parts.append((rest & 127) | 128)
        rest >>= 7
    parts[-1] &= 127
    return bytes(parts)
