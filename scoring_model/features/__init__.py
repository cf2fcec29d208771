"""Features from an applicant's histories, computed by a version's SQL in DuckDB."""

from scoring_model.features.applicant_features import ApplicantFeatures
from scoring_model.features.duckdb_engine import compute_features, write_rows
from scoring_model.features.feature_sql import (
    APPLICATION,
    FeatureSql,
    History,
    joined_queries,
)
from scoring_model.features.sealed_duckdb import open_duckdb, statements_of

__all__ = [
    "APPLICATION",
    "ApplicantFeatures",
    "FeatureSql",
    "History",
    "compute_features",
    "joined_queries",
    "open_duckdb",
    "statements_of",
    "write_rows",
]
