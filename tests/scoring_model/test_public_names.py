"""The public names of each room of `scoring_model`. To remove one breaks the code that uses it."""

import importlib

import pytest

from tests.conftest import ROOT

PUBLIC = {
    "contract": """
        ADDITIONS ANSWER_NAMES AnswerFields BATCH_ROWS CSV_MISSING CsvTable DUPLICATE EncodedRows
        Feature FeatureContract JsonFields MOST_REFERENCE_CHARACTERS MOST_WHOLE NEVER_SEEN
        NOT_A_DATE NOT_A_NUMBER NOT_EXACT NOT_TEXT NOT_TRUE_OR_FALSE Notice ParquetTable REQUIRED
        TableBatch TableReader UNUSUAL YES_NO encode_number join_rows judge_reference name_day
        parse_day parse_exactly parse_json parse_number read_document read_levels read_versioned
        refuse_duplicates today
    """,
    "contract.documents": """
        DUPLICATE JsonFields NOT_FINITE parse_exactly parse_json read_document read_versioned
        refuse_duplicates
    """,
    "contract.typed": """
        encode_array encode_series list_records read_levels
    """,
    "decision_log": """
        DATABASES DecisionLog EMPTY_ROOT FORMAT_VERSION FolderReader ID_PATTERN ID_PLACE
        LogFormatError LogReader LogSettings LogWriter LoggedPair LoggedSegment MerkleTree
        NewDecision NO_SEAL Origin PersonalPart PersonalValues SegmentFiles VersionName
        address_of close_abandoned commit_to describe_log folder_of hash_leaf hash_node
        list_segments list_writers open_decision_log open_log read_personal_line root_of
        sync_folder sync_open_segments write_applicant write_erased write_time writer_of
    """,
    "decision_log.postgres": """
        DatabaseReader Shipper check_database_url erase_rows find_decision ship_spool
    """,
    "errors": """
        ArtifactError Busy Draining ExpectationFailed FeatureError FieldProblem Forbidden
        HeadTooLarge HeadTooSlow IncompleteVersion InvalidRequest LogUnavailable
        MethodNotAllowed ModelUnavailable MOST_PROBLEMS NotFound Problems ScoringError TooLarge
        TooManyRequests TooSlow Unauthorized UnsupportedMediaType
    """,
    "expressions": """
        Expression
    """,
    "features": """
        APPLICATION ApplicantFeatures FeatureSql History compute_features joined_queries
        open_duckdb statements_of write_rows
    """,
    "http": """
        create_app
    """,
    "http.answers": """
        Asked CSV DECISIONS JSON PARQUET PredictQuery RequestLimits answer_invocation
        decision_headers encode_body log_many log_one make_warning_headers predict_many predict_one
        prepare_request read_query read_reference
    """,
    "http.bulk": """
        BulkAnswer BulkPool BulkTask Holding PendingBytes end_children
    """,
    "http.document": """
        PATHS build_document read_page
    """,
    "http.guard": """
        Guard Key KeyScope KeysFile PREFLIGHT_HEADERS TimeLimit
    """,
    "http.protocol": """
        HttpProtocol
    """,
    "http.routes": """
        Answered INVOCATIONS PREDICT Route Routes Serving TABLE find_route is_object is_quick
        load_serving name_path
    """,
    "http.shadow": """
        Shadow
    """,
    "policy": """
        FIELDS CalibrationMap CalibrationMethod Decision DecisionPolicy Decisions LoanCostRule
        refuse scaled_thresholds
    """,
    "profile": """
        CategoryProfile ExpectedDecisions KnownDefaults LEAST_RANGE_ROWS LEAST_ROWS NumberProfile
        PROFILE_FILE Profile check_profile
    """,
    "settings": """
        VARIABLES ServerSettings Variable allow_connections read_settings to_masked_line
    """,
    "start": """
        start
    """,
    "telemetry": """
        BulkGauge BulkState CONTENT_TYPE EventHandler GiveUp LOG Metrics ModelCounters RequestLog
        ShadowCounters render_metrics take_over_output write_event
    """,
    "trees": """
        TreeModel check_tree_text have_equal_bits make_probe name_columns read_trees split_text
    """,
    "version": """
        CURRENT_SCORING DEFAULT_TOP EXAMPLE_FILE Explanation Follower LOWERS LoadedModel NEITHER
        RAISES SCORER_ARTIFACT Scorer TimedScoring VersionContent check_scorer choose_language
        explain fetch_content label_of load_model load_scorer make_model make_scorer read_artifacts
        read_version save_scorer signature_of
    """,
}


@pytest.mark.parametrize("room", PUBLIC)
def test_a_room_has_these_public_names_and_no_others(room: str) -> None:
    module = importlib.import_module(f"scoring_model.{room}")
    assert set(module.__all__) == set(PUBLIC[room].split())
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_every_room_is_listed() -> None:
    rooms = {path.parent for path in (ROOT / "scoring_model").rglob("__init__.py")}
    names = {".".join(room.relative_to(ROOT / "scoring_model").parts) for room in rooms}
    assert names - {""} == set(PUBLIC)


def test_import_paths_of_commands_and_older_versions_still_work() -> None:
    from scoring_model.http.protocol import HttpProtocol
    from scoring_model.version import load_scorer

    assert importlib.import_module("scoring_model.http_protocol").HttpProtocol is HttpProtocol
    assert importlib.import_module("scoring_model.scorer").load_scorer is load_scorer
