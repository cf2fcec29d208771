"""`read_json_lines`: a table of JSON with one applicant on each line."""

import pyarrow as pa

_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 8 << 20


def read_json_lines(content: bytes) -> pa.Table:
    """Return the table of one JSON object per line; text stays text, even if it looks like a date.

    Parameters
    ----------
    content : bytes
        UTF-8.

    Raises
    ------
    ValueError
        The content is not one object per line, a value is nested, or a column mixes kinds.
    """
    from pyarrow import json as arrow_json

    content = content.removeprefix(_BOM)
    if content.lstrip().startswith(b"["):
        raise ValueError("it is one JSON array: write one object on each line")
    if not content.strip():
        raise ValueError("it is empty")
    options = arrow_json.ReadOptions(block_size=_BLOCK_BYTES)

    def read(schema: pa.Schema | None) -> pa.Table:
        kinds = arrow_json.ParseOptions(explicit_schema=schema)
        return arrow_json.read_json(pa.BufferReader(content), options, kinds)

    try:
        table = read(None)
    except pa.ArrowInvalid as error:
        raise ValueError(f"it is not one JSON object on each line: {error}") from error
    for field in table.schema:
        if pa.types.is_nested(field.type):
            raise ValueError(
                f"column {field.name!r} holds lists or objects: write one number, text, true or "
                "false in each cell"
            )
    # Arrow takes text that looks like dates for dates
    dates = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    if not dates:
        return table
    return read(pa.schema([(name, pa.string()) for name in dates])).select(table.schema.names)
