"""`BatchModel`: a version for batch scoring, and what it reads and writes for each row."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from scoring_model.contract import YES_NO, FeatureContract
from scoring_model.decision_log import VersionName
from scoring_model.policy import FIELDS
from scoring_model.version import Scorer
from train.batch.input_tables import read_schema
from train.errors import InputError
from train.portfolio import ROW_NUMBER
from train.portfolio.sections import ReadSettings
from train.tables import NamedTable

# columns that a message lists
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BatchModel:
    """A model version for batch scoring.

    Attributes
    ----------
    scorer : Scorer
    name : VersionName
        What the decision log calls the version.
    key : str or None
        Column of the input that identifies a loan. The output has it too. None if there is none:
        the output then numbers the rows of the input from 0, in the column `row_number`.
    digest : str
        Digest of the version's files. A run does not continue from parts with another digest.
    uri : str
        MLflow's URI of the version. A cluster fetches the version from there.
    read : ReadSettings
        How the training's table was written.
    decision_date : str
        Column that may say when a loan was decided, for the decision log; empty if the version
        names none.
    """

    scorer: Scorer
    name: VersionName
    key: str | None
    digest: str
    uri: str = ""
    read: ReadSettings = field(default_factory=ReadSettings)
    decision_date: str = ""

    @property
    def version(self) -> str:
        """Value of the output's column `model_version`."""
        return self.name.version

    @property
    def key_column(self) -> str:
        """Name of the output's first column."""
        return ROW_NUMBER if self.key is None else self.key

    @property
    def required(self) -> list[str]:
        """The columns that each table must have: key, and every field but the decision's date."""
        contract = self.scorer.contract
        fields = [name for name in contract.field_names if name != contract.decision_date]
        return list(dict.fromkeys([*([] if self.key is None else [self.key]), *fields]))

    @property
    def columns(self) -> list[str]:
        """The columns to read from each table, if it has them."""
        return list(dict.fromkeys([*self.required, *self.scorer.contract.field_names]))


def field_kinds(contract: FeatureContract) -> dict[str, str]:
    """Return what `standardise` must know of each field: number, date, yes/no or category."""
    return {
        field.name: "yes/no"
        if field.kind == "category" and {*field.levels, *field.rare_levels} <= YES_NO.keys()
        else field.kind
        for field in contract.fields
    }


def output_schema(model: BatchModel, tables: Sequence[NamedTable]) -> pa.Schema:
    """Check the columns of every table, and return the schema of the output.

    The key of the output has the type of the key in the first table.
    """
    schemas = [read_schema(table) for table in tables]
    for table, schema in zip(tables, schemas, strict=True):
        # nullable features are required too: a column that is missing altogether is a mistake
        for name in model.required:
            if name not in schema.names:
                found = ", ".join(map(repr, schema.names[:MOST_SHOWN]))
                more = ", …" if len(schema.names) > MOST_SHOWN else ""
                key = " as the key; -P key= names another one" if name == model.key else ""
                raise InputError(
                    f"input {table.name}: column {name!r} is required{key}; it has {found}{more}"
                )
    kind = pa.int64() if model.key is None else schemas[0].field(model.key).type
    return pa.schema(
        [
            (model.key_column, kind),
            *zip(FIELDS, (pa.float64(), pa.int64(), pa.float64()), strict=True),
            ("model_version", pa.string()),
            ("warnings", pa.string()),
        ]
    )


def check_key(key: str | None, contract: FeatureContract) -> str | None:
    """Return the key's column; raise `InputError` if it is a field of the model."""
    if key in contract.field_names:
        raise InputError(f"key {key!r} must not be a feature")
    return key
