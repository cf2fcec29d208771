"""Large requests are answered by child processes, which the server can limit and stop."""

from scoring_model.http.bulk.child import end_children
from scoring_model.http.bulk.frames import BulkAnswer, BulkTask
from scoring_model.http.bulk.pending import Holding, PendingBytes
from scoring_model.http.bulk.pool import BulkPool

__all__ = ["BulkAnswer", "BulkPool", "BulkTask", "Holding", "PendingBytes", "end_children"]
