"""One small version and one table with every type of column, for the test of all readers."""

import csv
import datetime
import io
import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scoring_model.contract import Feature, FeatureContract
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.profile import NumberProfile, Profile
from scoring_model.trees import TreeModel
from scoring_model.version import Scorer
from tests.scoring_model.planted import save_model

KEY, DAY = "Loan n° 1", "decided_on"
# every numeric type, by the name of its column; names are as people write them
NUMBERS = {
    "a8": pa.int8(),
    "a 16": pa.int16(),
    "a.32": pa.int32(),
    "a`64": pa.int64(),
    "b8": pa.uint8(),
    "b'16": pa.uint16(),
    'b"32': pa.uint32(),
    "b64": pa.uint64(),
    "c32": pa.float32(),
    "c64": pa.float64(),
    "montant demandé": pa.decimal128(18, 4),
}
TEXTS = {"purpose": pa.string(), "region": pa.dictionary(pa.int32(), pa.string())}
LEVELS = {"purpose": ("car", "Home improvement", "études"), "region": ("north", "south")}
YES_NO = {"is_owner": pa.bool_(), "has.car": pa.string()}
DATES = {"hired on": pa.date32(), "opened": pa.timestamp("us"), DAY: pa.string()}
CODES = {"branch": pa.int32()}
LIMITED = "a.32"
RANGES = {"c64": (-3.0, 3.0), "montant demandé": (0.0, 1000.0)}
TYPES = {KEY: pa.int64(), **NUMBERS, **TEXTS, **YES_NO, **CODES, **DATES}

# what CSV holds for a missing value; Parquet has null, and NaN in columns of doubles
MISSING = ("", "NA", "NaN", "null", "N/A")

Applicant = dict[str, Any]


def make_contract() -> FeatureContract:
    """Return a contract with every kind of field, limits and formulas."""
    features = [
        Feature(name, "number", nullable=name != "a8", minimum=-500.0, maximum=500.0)
        if name == LIMITED
        else Feature(name, "number", nullable=name != "a8")
        for name in NUMBERS
        if name != "b64"
    ]
    features += [Feature(name, "category", True, LEVELS[name], ("boat",)) for name in TEXTS]
    features += [Feature(name, "category", True, ("false", "true")) for name in YES_NO]
    features += [Feature(name, "category", True, ("1", "22", "333")) for name in CODES]
    features += [
        Feature("hired on", "date", True),
        Feature("ratio", "number", True, formula="b64 / (c64 + 10)"),
        Feature("days open", "number", True, formula=f"{DAY} - opened"),
    ]
    inputs = (Feature("b64", "number", True), Feature("opened", "date", True))
    return FeatureContract(tuple(features), inputs, DAY)


def make_scorer() -> Scorer:
    """Return a version trained on random rows of its matrix."""
    contract = make_contract()
    rng = np.random.default_rng(5)
    matrix = contract.encode_records([without_key(make_applicant(rng)) for _ in range(1500)]).matrix
    risk = np.nan_to_num(matrix[:, 0]) / 60 + np.nan_to_num(matrix[:, 8]) + rng.normal(size=1500)
    data = lightgbm.Dataset(
        matrix, (risk > 0).astype(int), categorical_feature=list(contract.categorical_indices)
    )
    settings = {"objective": "binary", "verbosity": -1, "min_data_in_leaf": 5, "num_threads": 1}
    booster = lightgbm.train(settings, data, num_boost_round=60)
    policy = DecisionPolicy(CalibrationMap("sigmoid", slope=0.9, intercept=-0.2), 0.3, 10.0, 1.0)
    numbers = [NumberProfile(name, (), (), 1.0, *ends) for name, ends in RANGES.items()]
    profile = Profile(len(matrix), tuple(numbers))
    return Scorer(contract, TreeModel(booster.model_to_string()), policy, profile=profile)


def save_version(folder: Path) -> Path:
    """Save the version as training does, and return its folder."""
    return save_model(make_scorer(), folder, without_key(make_applicant(np.random.default_rng(1))))


def make_applicant(rng: np.random.Generator, *, missing: float = 0.0) -> Applicant:
    """Return one valid applicant as a caller sends it in JSON."""
    applicant: Applicant = {KEY: int(rng.integers(10**6))}
    for name, kind in NUMBERS.items():
        if pa.types.is_floating(kind):
            applicant[name] = float(np.float32(rng.normal()))
        elif pa.types.is_decimal(kind):
            applicant[name] = float(Decimal(int(rng.integers(0, 9_999_999))) / 10_000)
        else:
            applicant[name] = int(rng.integers(0 if "b" in name else -100, 100))
    for name, levels in LEVELS.items():
        applicant[name] = str(rng.choice([*levels, "boat"]))
    applicant["is_owner"] = bool(rng.integers(2))
    applicant["has.car"] = str(rng.choice(["true", "True", "FALSE", "false"]))
    applicant["branch"] = str(rng.choice(["1", "22", "333"]))
    for name in DATES:
        days = datetime.timedelta(int(rng.integers(1, 9_000)))
        applicant[name] = (datetime.date(1999, 12, 31) + days).isoformat()
    for name in applicant.keys() - {KEY, "a8", DAY}:
        if rng.random() < missing:
            applicant[name] = None
    return applicant


# valid, but worth a remark, or at the edge of what is valid
EDGES: tuple[Applicant, ...] = (
    {"purpose": "never seen"},
    {"purpose": "CAR"},
    {"purpose": " études "},
    {"region": "South", "purpose": "home improvement"},
    {"branch": "4444"},
    {"c64": 1e9},
    {"c64": -9.5, "montant demandé": 99999.5},
    {"montant demandé": 0.1},
    {"a8": -128, "a 16": 32767, "a.32": 500, "a`64": -(2**53)},
    {"b8": 255, "b'16": 65535, 'b"32': 2**32 - 1, "b64": 2**60},
    {"c64": 0.1 + 0.2, "c32": 16777216.0},
    {"hired on": "1970-01-01", "opened": "1969-12-31", DAY: "1970-01-01"},
    {"c64": -10.0},
)
# each breaks one rule
WRONG: tuple[tuple[Applicant, str], ...] = (
    ({"a8": None}, "a8"),
    ({"a.32": 501}, "a.32"),
    ({"a.32": -(2**31)}, "a.32"),
    ({"a`64": 2**53 + 1}, "a`64"),
    ({"b64": 2**64 - 1}, "b64"),
    ({"has.car": "maybe"}, "has.car"),
    ({"has.car": "1"}, "has.car"),
    ({DAY: "31.12.2021"}, DAY),
)


def make_applicants(rows: int) -> list[Applicant]:
    """Return valid applicants: some ordinary, some with missing values, and all edges."""
    rng = np.random.default_rng(rows)
    ordinary = [make_applicant(rng, missing=0.15) for _ in range(rows - len(EDGES))]
    return [*ordinary, *(make_applicant(rng) | edge for edge in EDGES)]


def without_key(applicant: Applicant) -> Applicant:
    """Return an applicant with the fields of the model only."""
    return {name: value for name, value in applicant.items() if name != KEY}


def to_csv(applicants: list[Applicant]) -> str:
    """Return applicants as CSV; missing values are written in every way."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(TYPES)
    for number, applicant in enumerate(applicants):
        lines.writerow(
            MISSING[number % len(MISSING)] if applicant[name] is None else _cell(applicant[name])
            for name in TYPES
        )
    return text.getvalue()


def _cell(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def to_table(applicants: list[Applicant]) -> pa.Table:
    """Return applicants as a table with the type of each column."""
    return pa.table(
        {name: _column([a[name] for a in applicants], kind) for name, kind in TYPES.items()}
    )


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind):
        values = [None if v is None else Decimal(repr(v)) for v in values]
    elif pa.types.is_temporal(kind):
        values = [None if v is None else datetime.date.fromisoformat(v) for v in values]
        return pa.array(values, pa.date32()).cast(kind)
    elif kind == pa.float64():
        # the second way of a missing number
        values = [math.nan if v is None and n % 2 else v for n, v in enumerate(values)]
    elif kind == CODES["branch"]:
        values = [None if v is None else int(v) for v in values]
    elif pa.types.is_dictionary(kind):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, kind)


def write_tables(folder: Path, applicants: list[Applicant]) -> tuple[Path, Path]:
    """Write applicants as CSV and as Parquet."""
    text, typed = folder / "loans.csv", folder / "loans.parquet"
    text.write_text(to_csv(applicants), encoding="utf-8")
    pq.write_table(to_table(applicants), typed)
    return text, typed


@dataclass(frozen=True)
class Answers:
    """What one reader answered about some applicants, one entry for each.

    Attributes
    ----------
    probabilities : list of float
    notices : list of str
        Notices as `field problem; field problem`, or empty.
    """

    probabilities: list[float]
    notices: list[str]
