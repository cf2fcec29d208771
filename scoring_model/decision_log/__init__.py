"""The decision log: what was decided, by which version, on which data."""

from scoring_model.decision_log.decision_log import DecisionLog
from scoring_model.decision_log.identifiers import writer_of
from scoring_model.decision_log.log_place import (
    DATABASES,
    LogSettings,
    address_of,
    folder_of,
    open_log,
)
from scoring_model.decision_log.merkle import EMPTY_ROOT, MerkleTree, hash_leaf, hash_node, root_of
from scoring_model.decision_log.opening import describe_log, open_decision_log
from scoring_model.decision_log.reading import (
    ID_PATTERN,
    FolderReader,
    LoggedPair,
    LoggedSegment,
    LogReader,
    PersonalPart,
    read_personal_line,
)
from scoring_model.decision_log.records import (
    ID_PLACE,
    NewDecision,
    Origin,
    PersonalValues,
    VersionName,
    commit_to,
    write_applicant,
    write_erased,
)
from scoring_model.decision_log.repair import close_abandoned, sync_open_segments
from scoring_model.decision_log.segments import (
    FORMAT_VERSION,
    NO_SEAL,
    LogFormatError,
    SegmentFiles,
    list_segments,
    list_writers,
    sync_folder,
    write_time,
)
from scoring_model.decision_log.writer import LogWriter

__all__ = [
    "DATABASES",
    "EMPTY_ROOT",
    "FORMAT_VERSION",
    "ID_PATTERN",
    "ID_PLACE",
    "NO_SEAL",
    "DecisionLog",
    "FolderReader",
    "LogFormatError",
    "LogReader",
    "LogSettings",
    "LogWriter",
    "LoggedPair",
    "LoggedSegment",
    "MerkleTree",
    "NewDecision",
    "Origin",
    "PersonalPart",
    "PersonalValues",
    "SegmentFiles",
    "VersionName",
    "address_of",
    "close_abandoned",
    "commit_to",
    "describe_log",
    "folder_of",
    "hash_leaf",
    "hash_node",
    "list_segments",
    "list_writers",
    "open_decision_log",
    "open_log",
    "read_personal_line",
    "root_of",
    "sync_folder",
    "sync_open_segments",
    "write_applicant",
    "write_erased",
    "write_time",
    "writer_of",
]
