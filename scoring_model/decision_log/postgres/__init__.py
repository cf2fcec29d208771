"""The decision log in PostgreSQL: its tables, what copies a spool into them, what reads them.

It imports the driver, so other code imports it only once a database is named.
"""

from scoring_model.decision_log.postgres.connection import check_database_url
from scoring_model.decision_log.postgres.database_reader import DatabaseReader, find_decision
from scoring_model.decision_log.postgres.erasing import erase_rows
from scoring_model.decision_log.postgres.shipper import Shipper
from scoring_model.decision_log.postgres.shipping import ship_spool

__all__ = [
    "DatabaseReader",
    "Shipper",
    "check_database_url",
    "erase_rows",
    "find_decision",
    "ship_spool",
]
