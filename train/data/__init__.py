"""Turn a portfolio's tables into labelled rows and the contract (the features a model takes)."""

from train.data.contract_learning import typical_applicant, without_features
from train.data.history_features import (
    JoinedTable,
    JoinNotes,
    describe_join,
    input_errors,
    join_histories,
    write_features,
)
from train.data.history_sql import find_tables
from train.data.labelled_rows import LabelledRows, PortfolioData, load_data
from train.data.reading import ReadTable, examine_table, find_mistakes
from train.data.side_costs import SideCosts, costs_of_sides
from train.data.table_files import HISTORY_MISSING
from train.data.training_profile import (
    learn_known_defaults,
    make_profile,
    profile_category,
    profile_decisions,
    profile_number,
)

__all__ = [
    "HISTORY_MISSING",
    "JoinNotes",
    "JoinedTable",
    "LabelledRows",
    "PortfolioData",
    "ReadTable",
    "SideCosts",
    "costs_of_sides",
    "describe_join",
    "examine_table",
    "find_mistakes",
    "find_tables",
    "input_errors",
    "join_histories",
    "learn_known_defaults",
    "load_data",
    "make_profile",
    "profile_category",
    "profile_decisions",
    "profile_number",
    "typical_applicant",
    "without_features",
    "write_features",
]
