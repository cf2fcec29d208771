"""`VARIABLES`: one table of the server's environment variables and limits.

The server reads it, and the documentation shows it.
"""

from collections.abc import Mapping

from scoring_model.settings.variable import Variable

VARIABLES: Mapping[str, Variable] = {
    "MODEL_URI": Variable(
        "model_uri",
        "text",
        "models:/credit-scoring@champion",
        "The server serves the model at this registry URI or in this folder, which is a path or "
        "`file:///path`. The default is the champion of `credit-scoring`, which is the version in "
        "production.",
    ),
    "MODEL_REFRESH_SECONDS": Variable(
        "refresh_seconds",
        "count",
        "30",
        "The server waits this many seconds between two checks of the registry. A check finds the "
        "version that the alias or stage in `MODEL_URI` names, and loads it if it is new. With `0` "
        "the server checks only at its start. A folder or a version number is not checked again.",
        least=0,
    ),
    "MODEL_CACHE_DIR": Variable(
        "cache_directory",
        "path",
        "",
        "The server keeps a copy of the last good version in this folder. It serves the copy if "
        "the registry does not answer at the start. Empty means the folder `credit-scoring` in "
        "`$XDG_CACHE_HOME`, or in `~/.cache` if that variable is not set.",
    ),
    "MODEL_LOAD_SECONDS": Variable(
        "load_seconds",
        "count",
        "60",
        "Time to load and check a new version, in a process of its own.",
        "The version is refused. The version before it stays in use.",
    ),
    "SHADOW_URI": Variable(
        "shadow_uri",
        "text",
        "",
        "A second version, which scores each applicant too, after the answer has left. Only "
        "`/metrics` shows what it would have decided. Empty means none.",
    ),
    "SCORING_API_KEYS": Variable(
        "key_digests",
        "digests",
        "",
        "A list of SHA-256 digests of keys, 64 hex digits each, separated by commas. Each of "
        "these keys may use all routes, without a rate limit.",
    ),
    "SCORING_KEYS_FILE": Variable(
        "keys_file",
        "path",
        "",
        "A file of keys with a name, scopes, a date of expiry and a rate limit. The server reads "
        "it again when it changes. Empty means none.",
    ),
    "SCORING_ALLOW_ANONYMOUS": Variable(
        "allow_anonymous",
        "switch",
        "0",
        "With `1` the server answers every caller if no keys are set. With `0` it then answers "
        "only callers on its own machine. The value has no effect if keys are set.",
    ),
    "WRONG_KEYS_PER_MINUTE": Variable(
        "wrong_keys_per_minute",
        "count",
        "60",
        "Wrong keys that one address may send in a minute. `0` means no limit: set it behind a "
        "proxy, where all callers have the same address.",
        "Status 429 for a wrong key. A right key is still answered.",
        least=0,
    ),
    "CORS_ORIGINS": Variable(
        "cors_origins",
        "origins",
        "",
        "Web pages of these origins may call the server from a browser, such as "
        "`https://desk.example.org`: a list, separated by commas. Empty means none.",
    ),
    "DECISION_LOG": Variable(
        "decision_log",
        "text",
        "",
        "Every decision is logged in this folder, or in the PostgreSQL database at this URL "
        "(`postgresql://...`). A folder belongs to the log alone; all workers and servers may "
        "share it. For a database, the decisions wait in `MODEL_CACHE_DIR` until the database "
        "has them. Empty means that nothing is logged.",
    ),
    "DECISION_LOG_DURABILITY": Variable(
        "decision_log_durability",
        "choice",
        "written",
        "`written`: a decision is with the operating system before it is answered, so that it "
        "survives the end of the process. `synced`: it is on the disk, so that it survives a power "
        "cut too.",
        choices=("written", "synced"),
    ),
    "DECISION_LOG_ON_FAILURE": Variable(
        "decision_log_on_failure",
        "choice",
        "refuse",
        "What happens if a decision cannot be logged. `refuse`: status 503. `answer`: it is "
        "answered without an id, and counted.",
        choices=("refuse", "answer"),
    ),
    "DECISION_LOG_KEY": Variable(
        "decision_log_key",
        "text",
        "",
        "A secret. With it the log keeps only a digest of each reference (HMAC-SHA-256). Erasing "
        "by reference needs the same secret.",
    ),
    "MAX_BODY_BYTES": Variable(
        "max_body_bytes",
        "count",
        "8388608",
        "Bytes of a body (8 MiB).",
        "Status 413. The connection is closed, unless the whole body has arrived.",
    ),
    "MAX_ROWS": Variable("max_rows", "count", "10000", "Applicants of a request.", "Status 413."),
    "MAX_EXPLAINED_ROWS": Variable(
        "max_explained_rows",
        "count",
        "1000",
        "Applicants of a request for reasons (`?explain=true`).",
        "Status 413.",
    ),
    "MAX_COLUMNS": Variable(
        "max_columns",
        "count",
        "2000",
        "Columns of a table, or different fields of its records.",
        "Status 413.",
    ),
    "MAX_UNPACKED_BYTES": Variable(
        "max_unpacked_bytes",
        "count",
        "67108864",
        "Bytes that a Parquet body may unpack to (64 MiB).",
        "Status 413.",
    ),
    "MAX_PENDING_BYTES": Variable(
        "max_pending_bytes",
        "count",
        "67108864",
        "Bytes of all bodies over 16 KiB that a worker holds at a time (64 MiB).",
        "Status 503 with `Retry-After`.",
    ),
    "MAX_BULK_MEMORY_BYTES": Variable(
        "max_bulk_memory_bytes",
        "count",
        "1073741824",
        "Memory that one large request may take while it is answered (1 GiB).",
        "Status 413.",
    ),
    "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": Variable(
        "timeout_seconds",
        "count",
        "60",
        "Seconds to answer a request.",
        "The work is stopped. Status 504.",
    ),
    "MAX_CONNECTIONS": Variable(
        "max_connections",
        "count",
        "1000",
        "Open connections of a worker. If the system allows fewer open files, the limit is lower.",
        "The connection that has been silent longest is closed.",
    ),
    "MAX_HEADER_BYTES": Variable(
        "max_header_bytes",
        "count",
        "32768",
        "Bytes of the request line and the headers (32 KiB).",
        "Status 431, and the connection is closed.",
    ),
    "MAX_HEADERS": Variable(
        "max_headers",
        "count",
        "100",
        "Headers of a request.",
        "Status 431, and the connection is closed.",
    ),
    "HEADER_SECONDS": Variable(
        "header_seconds",
        "count",
        "10",
        "Seconds to send the headers, from the first byte or from a new connection.",
        "Status 408, and the connection is closed. A connection that sent nothing is only closed.",
    ),
    "KEEP_ALIVE_SECONDS": Variable(
        "keep_alive_seconds",
        "count",
        "75",
        "Seconds between two requests of a connection.",
        "The connection is closed.",
    ),
    "DRAIN_SECONDS": Variable(
        "drain_seconds",
        "count",
        "5",
        "Seconds from SIGTERM to the end of accepting connections. In this time `/ready` answers "
        "503, and each answer closes its connection.",
        least=0,
    ),
    "PROMETHEUS_MULTIPROC_DIR": Variable(
        "metrics_directory",
        "path",
        "",
        "The workers of one server write their metrics into this folder. `/metrics` shows the "
        "sum over all files in it, so each server needs a folder of its own. Empty means that the "
        "metrics stay in the memory of each worker, and `/metrics` shows those of the worker that "
        "answers.",
    ),
    "SCORING_METRICS": Variable(
        "metrics",
        "switch",
        "1",
        "With `1` the server counts requests and decisions, and `/metrics` shows the counts. With "
        "`0` it counts nothing, and `/metrics` is empty.",
    ),
    "SCORING_REQUEST_LOG": Variable(
        "request_log",
        "switch",
        "1",
        "With `1` the server writes one JSON line per request to standard output. With `0` it "
        "writes only events of the server itself, such as its start or a new version.",
    ),
}
"""Every variable, in the order in which the documentation shows them."""
