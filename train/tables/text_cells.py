"""`standardise`: rewrite the text cells of a table into the standard form, as the settings say.

Standard text has a decimal point, no sign between thousands, dates such as 2021-12-31, `true` and
`false` for yes and no, and null for a missing value. All code after it reads standard text only.
"""

from collections.abc import Mapping

import pyarrow as pa

from train.portfolio import ReadSettings


def standardise(
    records: pa.RecordBatch, kinds: Mapping[str, str], read: ReadSettings
) -> pa.RecordBatch:
    """Rewrite the text columns of some rows.

    Parameters
    ----------
    records : pyarrow.RecordBatch
    kinds : mapping of str to str
        `number`, `category`, `date` or `yes/no` for each column to rewrite. Columns that are not
        text stay as they are.
    read : ReadSettings

    Returns
    -------
    pyarrow.RecordBatch
        A cell that cannot be read as its kind stays as it is.
    """
    return records
