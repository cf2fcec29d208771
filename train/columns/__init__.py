"""What the columns of a table hold: features, outcomes, keys, and what is wrong with them."""

from train.columns.column_kinds import feature_columns, kind_of, present_values
from train.columns.found_settings import find_settings
from train.columns.identifiers import doubtful_columns, is_identifier
from train.columns.outcome_labels import (
    NamedOutcomes,
    label_outcomes,
    outcome_text,
    suggest_outcomes,
)
from train.columns.table_checks import (
    list_mistakes,
    refuse_rounded,
    row_of,
)
from train.columns.text_mistakes import explain_text
from train.columns.words import (
    CODE_NAME,
    REPAID_NAME,
    any_of,
    is_yes,
    outcome_of,
    plain_words,
    says,
    split_camel,
)

__all__ = [
    "CODE_NAME",
    "REPAID_NAME",
    "NamedOutcomes",
    "any_of",
    "doubtful_columns",
    "explain_text",
    "feature_columns",
    "find_settings",
    "is_identifier",
    "is_yes",
    "kind_of",
    "label_outcomes",
    "list_mistakes",
    "outcome_of",
    "outcome_text",
    "plain_words",
    "present_values",
    "refuse_rounded",
    "row_of",
    "says",
    "split_camel",
    "suggest_outcomes",
]
